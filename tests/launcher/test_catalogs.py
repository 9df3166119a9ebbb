"""Our compiler of translations against the standard library's reader, and against msgfmt where there is one."""

import gettext
import io
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.launcher import catalogs
from tests.programs import need

HEADER = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
EXAMPLE = """
#: controlpanel/mailboxes/views.py
msgid "Mailbox"
msgstr "Buzón"

msgctxt "state"
msgid "Closed"
msgstr "Cerrado"

#, python-format
msgid "%(count)s message"
msgid_plural "%(count)s messages"
msgstr[0] "%(count)s mensaje"
msgstr[1] "%(count)s mensajes"

msgid ""
"A \\"quoted\\" word,\\n"
"and a second line"
msgstr ""
"Una palabra \\"entre comillas\\",\\n"
"y otra línea"

msgid "Not yet"
msgstr ""

#, fuzzy
msgid "Doubtful"
msgstr "Dudoso"

#~ msgid "Gone"
#~ msgstr "Ido"
"""


def read(text: str) -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(catalogs.binary(catalogs.messages(text))))


def test_the_standard_library_reads_what_we_write() -> None:
    spanish = read(HEADER + EXAMPLE)
    assert spanish.gettext("Mailbox") == "Buzón"
    assert spanish.pgettext("state", "Closed") == "Cerrado"
    assert spanish.gettext("Closed") == "Closed"
    assert spanish.ngettext("%(count)s message", "%(count)s messages", 1) == "%(count)s mensaje"
    assert spanish.ngettext("%(count)s message", "%(count)s messages", 2) == "%(count)s mensajes"
    assert spanish.gettext('A "quoted" word,\nand a second line') == 'Una palabra "entre comillas",\ny otra línea'


def texts(translations: gettext.GNUTranslations) -> dict[str, str]:
    """All but the header, from which msgfmt takes the date."""
    return {key: text for key, text in translations._catalog.items() if key}


@pytest.mark.parametrize("text", ["Not yet", "Doubtful", "Gone"])
def test_what_is_untranslated_doubtful_or_gone_stays_english(text: str) -> None:
    assert read(HEADER + EXAMPLE).gettext(text) == text


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)))
def test_any_text_comes_back(texts: dict[str, str]) -> None:
    texts = {key: value for key, value in texts.items() if "\0" not in key + value and "\4" not in key}
    encodable = {key.encode("utf-8", "ignore"): value.encode("utf-8", "ignore") for key, value in texts.items()}
    charset = {b"": b"Content-Type: text/plain; charset=UTF-8\n"}
    read_back = gettext.GNUTranslations(io.BytesIO(catalogs.binary(encodable | charset)))
    assert {key.decode(): read_back.gettext(key.decode()) for key in encodable if key} == {
        key.decode(): value.decode() for key, value in encodable.items() if key
    }


def test_only_what_changed_is_compiled(tmp_path: Path) -> None:
    po = tmp_path / "es" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(HEADER + EXAMPLE)
    assert catalogs.compile_all(tmp_path) == [po.with_suffix(".mo")]
    os.utime(po, (0, 0))
    assert catalogs.compile_all(tmp_path) == []


def test_msgfmt_agrees(tmp_path: Path) -> None:
    msgfmt = need("msgfmt")
    for po in [*catalogs.LOCALES.glob("*/LC_MESSAGES/*.po"), tmp_path / "example.po"]:
        if not po.exists():
            po.write_text(HEADER + EXAMPLE)
        mo = tmp_path / "theirs.mo"
        subprocess.run([msgfmt, "-o", mo, po], check=True)
        with mo.open("rb") as theirs:
            assert texts(read(po.read_text())) == texts(gettext.GNUTranslations(theirs))
