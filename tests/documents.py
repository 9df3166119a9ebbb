"""What our documents tell people to type, for tests that do as they are told."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"^# (/\S+)\n", re.MULTILINE)


def files_of(document: str) -> dict[str, str]:
    """Return the files that a document writes out: by the path in the first comment of each fenced block."""
    files = {}
    for block in FENCED.findall((ROOT / "docs" / document).read_text(encoding="utf-8")):
        named = NAMED.search(block)
        assert named is not None, block
        files[named[1]] = block.replace(named[0], "", 1)
    return files
