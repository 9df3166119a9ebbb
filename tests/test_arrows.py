"""Who may import whom (docs/architecture.md). Read from the source, so that nothing needs to run."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STANDARD = sys.stdlib_module_names

# Inside the panel an app may import what stands before it. `panel` is the frame around all pages.
PANEL_ORDER = ["accounts", "journal", "mailboxes", "mailstore"]
UPPER = ["importing", "jobs", "clientsetup", "activity", "api"]
DOOR_MAY = {"accounts", "journal", "mailboxes", "mailstore"}
PAGES = {"views", "urls", "forms"}


def sources(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    """Yield every imported module by its full name, those inside functions too."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                kept = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*kept, base]).rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_door(path: Path) -> bool:
    return path.relative_to(ROOT).parts[1].removesuffix(".py") == "backend"


def is_moving(path: Path) -> bool:
    """What is not pure: the server, the worker that runs it, the door, and gunicorn's settings."""
    return is_door(path) or path.relative_to(ROOT).parts[1].removesuffix(".py") in {"server", "worker", "gunicorn_mail"}


@pytest.mark.parametrize("path", [p for p in sources("pop3service") if not is_moving(p)], ids=str)
def test_pure_files_import_the_standard_library_and_each_other(path: Path) -> None:
    for name in imports(path):
        top = name.split(".")[0]
        assert top == "pop3service" or (top in STANDARD and top not in {"asyncio", "socket", "threading"}), name
        assert not name.startswith(("pop3service.server", "pop3service.worker", "pop3service.backend")), name


@pytest.mark.parametrize("path", [p for p in sources("pop3service") if not is_door(p)], ids=str)
def test_only_the_door_imports_the_panel(path: Path) -> None:
    allowed = {"controlpanel.environment", "controlpanel.settings"} if is_moving(path) else set()
    for name in imports(path):
        if name.split(".")[0] == "controlpanel":
            assert any(name.startswith(each) for each in allowed) or name == "controlpanel", name


@pytest.mark.parametrize("path", [p for p in sources("pop3service") if is_door(p)], ids=str)
def test_the_door_opens_four_rooms(path: Path) -> None:
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "controlpanel" and len(parts) > 1:
            assert parts[1] in DOOR_MAY, name


@pytest.mark.parametrize("path", sources("controlpanel"), ids=str)
def test_the_panel_never_imports_the_mail_side(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "pop3service"]


@pytest.mark.parametrize("path", [p for app in PANEL_ORDER for p in sources(f"controlpanel/{app}")], ids=str)
def test_apps_import_downward_only(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    rank = PANEL_ORDER.index(parts[1])
    later = {*PANEL_ORDER[rank + 1 :], *UPPER}
    if PAGES & {part.removesuffix(".py") for part in parts}:
        return  # pages gather from everywhere; what they show stays in the apps
    for name in imports(path):
        words = name.split(".")
        if words[0] == "controlpanel" and len(words) > 1:
            assert words[1] not in later, name
