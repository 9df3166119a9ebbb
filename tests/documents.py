"""What our documents tell people to type, for tests that do as they are told."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(document: str) -> dict[str, str]:
    """Return the files that a document writes out: by the path in the first line of each fenced block."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    blocks = [block.removeprefix("# ").partition("\n") for block in FENCED.findall(text)]
    return {path: content for path, _, content in blocks}
