"""Nothing is left behind: every model change has its migration, every text its Spanish."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from controlpanel.launcher import catalogs
from tests.programs import need

ROOT = Path(__file__).resolve().parent.parent
CATALOGS = sorted(catalogs.LOCALES.glob("*/LC_MESSAGES/*.po"))
SPANISH = catalogs.LOCALES / "es" / "LC_MESSAGES" / "django.po"


def texts(po: Path) -> set[tuple[str, str]]:
    entries = catalogs.entries(po.read_text(encoding="utf-8"))
    return {(entry.get("msgctxt", ""), entry["msgid"]) for entry in entries}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("po", CATALOGS, ids=str)
def test_every_text_is_translated(po: Path) -> None:
    entries = catalogs.entries(po.read_text(encoding="utf-8"))
    assert [entry["msgid"] for entry in entries if not catalogs.translated(entry)] == []


def test_every_text_of_the_source_is_in_the_catalog(tmp_path: Path) -> None:
    need("xgettext")
    for name in ("manage.py", "controlpanel", "templates", "locale"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "es", "--no-obsolete", "--verbosity=0"]
    subprocess.run(command, cwd=tmp_path, check=True)
    fresh = tmp_path / SPANISH.relative_to(ROOT)
    assert texts(fresh) - texts(SPANISH) == set(), "make messages gathers them; then translate"
    assert texts(SPANISH) - texts(fresh) == set(), "no longer in the source: make messages takes them out"


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pinned = [line.split(" ")[0] for line in lines if "==" in line]
    return dict(pin.split("==") for pin in pinned)


@pytest.mark.parametrize(("smaller", "larger"), [("production", "demo"), ("demo", "test")])
def test_the_lists_of_packages_agree(smaller: str, larger: str) -> None:
    assert pins(smaller).items() <= pins(larger).items()


@pytest.mark.parametrize("name", ["production", "demo", "test"])
def test_the_lists_name_no_registry(name: str) -> None:
    assert "://" not in (ROOT / "requirements" / f"{name}.txt").read_text()


def test_ci_installs_every_program_that_a_test_needs() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    needed = {name for source in sources for name in re.findall(r'\bneed\("([a-z]+)"', source)}
    installed = set(re.findall(r"^need (\S+) ", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    assert "curl" in needed
    assert needed <= installed
