"""Files as people and other programs write them."""

import tracemalloc

import pytest

from controlpanel.importing import reading
from controlpanel.importing.export import safe
from controlpanel.importing.reading import LATIN_1, UTF_8, UTF_16, Table, UnreadableError, read
from controlpanel.importing.shapes import secret_of
from controlpanel.mailboxes.octets import read as octets_of


def values(table: Table) -> list[dict[str, str]]:
    return [entry.values for entry in table.entries]


ANA = {"address": "ana@example.org", "name": "Ana Pérez", "quota": "1 GB"}


@pytest.mark.parametrize(
    ("octets", "encoding", "separator"),
    [
        ("address,name,quota\nana@example.org,Ana Pérez,1 GB\n".encode(), UTF_8, ","),
        ("\ufeffaddress;name;quota\r\nana@example.org;Ana Pérez;1 GB\r\n".encode(), UTF_8, ";"),
        ("Dirección;Nombre;Cuota\r\nana@example.org;Ana Pérez;1 GB\r\n".encode("latin-1"), LATIN_1, ";"),
        ("sep=;\r\naddress;name;quota\r\nana@example.org;Ana Pérez;1 GB\r\n".encode(), UTF_8, ";"),
        ("address\tname\tquota\nana@example.org\tAna Pérez\t1 GB\n".encode("utf-16"), UTF_16, "\t"),
        ('"E-Mail","First name","Last name","Quota"\n"ana@example.org","Ana","Pérez","1 GB"'.encode(), UTF_8, ","),
        ("QUOTA,Correo electrónico,Nombre\n1 GB,ana@example.org,Ana Pérez".encode(), UTF_8, ","),
        ("local_part,username,name,quota\nana,ana@example.org,Ana Pérez,1 GB".encode(), UTF_8, ","),
    ],
)
def test_tables_of_all_kinds_are_one(octets: bytes, encoding: str, separator: str) -> None:
    table = read(octets)
    assert (values(table), table.encoding, table.separator) == ([ANA], encoding, separator)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    table = read(b'address,note\r\n\r\na@x.org,"two\r\nlines"\r\nb@x.org,one\r\n')
    assert [(entry.line, entry.values["note"]) for entry in table.entries] == [(3, "two\r\nlines"), (5, "one")]


def test_what_means_nothing_here_is_told() -> None:
    table = read(b"address,maildir,active,quota\na@x.org,x/,1,0,more\n")
    assert table.unread == ["maildir", "active"]
    assert table.entries[0].ragged


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,quota\nAna,1 GB\n", "names the columns"),
        (b"address\n", "no mailbox"),
        (b"PK\x03\x04\x00\x00", "no text file"),
        (b'address\n"ana@x.org', "quotation mark"),
        (b"address\n" + b"a@x.org\n" * 50_001, "more than 50,000"),
    ],
)
def test_what_is_no_list_is_said(octets: bytes, words: str) -> None:
    with pytest.raises(UnreadableError) as error:
        read(octets)
    assert words in str(error.value.sentence)


def test_a_file_beyond_all_measure_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_OCTETS", 10)
    with pytest.raises(UnreadableError):
        read(b"address\nana@x.org\n")


PASSWD = b"""# users
ana@example.org:{SSHA512}c2FsdA==:5000:5000:Ana:/var/mail/ana::userdb_quota_rule=*:bytes=1048576
leo@example.org:$6$salt$hash:::::/x:
eva@example.org:{PLAIN}horse battery:5000:5000::/x::userdb_quota_rule=*:storage=2G
off@example.org:!$6$salt$hash::::::
new@example.org::::::
mia@example.org:{CRYPT}$6$s$h:::::: userdb_quota_storage_size=3G
"""


def test_a_passwd_file_of_dovecot() -> None:
    table = read(PASSWD)
    found = {entry.values["address"][:3]: entry.values for entry in table.entries}
    assert table.separator == ""
    assert found["ana"] == {
        "address": "ana@example.org",
        "password": "{SSHA512}c2FsdA==",
        "name": "Ana",
        "quota": "1048576",
    }
    assert found["leo"] == {"address": "leo@example.org", "hash": "$6$salt$hash"}
    assert (secret_of(found["eva"]), octets_of(found["eva"]["quota"])) == ("phorse battery", 2 * 2**30)
    assert secret_of(found["off"]) == secret_of(found["new"]) == ""
    assert found["mia"]["quota"] == "3 G"


def test_a_shadow_file_of_cpanel() -> None:
    table = read(b"ana:$6$salt$hash:19000::::::\nleo:!!:19000::::::\n")
    assert values(table) == [{"address": "ana", "hash": "$6$salt$hash"}, {"address": "leo"}]


def test_an_export_of_modoboa() -> None:
    table = read(
        "account;ana;{SHA512-CRYPT}$6$s$h;Ana;Pérez;True;SimpleUsers;ana@example.org;50;\n"
        "alias;info@example.org;True;ana@example.org\n"
        "alias;all@example.org;True;ana@example.org;leo@example.org\n".encode()
    )
    assert values(table) == [
        {
            "address": "ana@example.org",
            "password": "{SHA512-CRYPT}$6$s$h",
            "name": "Ana Pérez",
            "quota": "50 MB",
            "aliases": "info@example.org",
        }
    ]
    assert table.unread == ["3: alias; all@example.org"]


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ({"password": "correct horse"}, "pcorrect horse"),
        ({"password": "$6$salt$hash"}, "h$6$salt$hash"),
        ({"password": "{SSHA}abcd"}, "h{SSHA}abcd"),
        ({"password": "{PLAIN}secret"}, "psecret"),
        ({"password": "{PLAIN}"}, ""),
        ({"password": "$100 a month"}, "p$100 a month"),
        ({"password": "{curly}"}, "p{curly}"),
        ({"hash": "anything"}, "hanything"),
        ({}, ""),
    ],
)
def test_a_secret_is_a_hash_or_a_password(given: dict[str, str], secret: str) -> None:
    assert secret_of(given) == secret


@pytest.mark.parametrize("cell", ["=1+1", "+57 300", "-x", "@a", "\tx", "\rx", "'=x", " =x", "''-"])
def test_no_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    assert not safe(cell).lstrip().startswith(reading.FORMULA)
    assert reading.unescaped(safe(cell)) == cell


@pytest.mark.parametrize("cell", ["", "Ana", "'n Anker", "d'Or", "a=b", "1 GB"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert safe(cell) == reading.unescaped(cell) == cell


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\f", "\u2028"])
def test_a_file_of_nothing_but_lines_is_refused_before_it_is_divided(end: str) -> None:
    """32 MB of them would take gigabytes as rows."""
    octets = f"address{end}{f'a{end}' * (reading.MOST_LINES + 1)}".encode()
    tracemalloc.start()
    with pytest.raises(UnreadableError):
        read(octets)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 * len(octets)
