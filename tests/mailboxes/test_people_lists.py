"""A pasted list, line by line."""

import pytest

from controlpanel.mailboxes.people_lists import proposed, read


@pytest.mark.parametrize(
    ("line", "name", "local"),
    [
        ("Ana Pérez, ana", "Ana Pérez", "ana"),
        ("ana", "", "ana"),
        ("ana@example.org", "", "ana"),
        ("ANA@Example.ORG", "", "ana"),
        ("Ana Pérez\tana", "Ana Pérez", "ana"),
        ("Ana Pérez; ana", "Ana Pérez", "ana"),
        ("Pérez, Ana, ana", "Pérez, Ana", "ana"),
        ("ana, Ana Pérez", "Ana Pérez", "ana"),
        ("Ana Pérez <ana@example.org>", "Ana Pérez", "ana"),
        ('"Pérez, Ana" <ana@example.org>;', "Pérez, Ana", "ana"),
        ("<ana@example.org>", "", "ana"),
        ("Ana Pérez ana@example.org", "Ana Pérez", "ana"),
        ("Ana Pérez, ana,", "Ana Pérez", "ana"),
        ("Íñigo, iñigo", "Íñigo", "iñigo"),
    ],
)
def test_a_line_is_read_however_it_was_copied(line: str, name: str, local: str) -> None:
    [found] = read(line, "example.org")
    assert (found.name, found.local, found.sentence) == (name, local, "")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Ana Pérez", "Write the address after the name and a comma: Ana Pérez, ana.perez"),
        ("Ana, ana@other.example", "This list makes mailboxes in example.org."),
        ("Ana, ana..p", "Dots stand between characters"),
        ("Ana, ana+news", "Leave out the plus sign"),
        ("Ana <>", "Write the address after the name and a comma: Ana <>, ana"),
        (",", "not allowed in an address"),
        ("Ana, ana@@", "Between two dots of a domain"),
        ("\x01", "not allowed in an address"),
        ("Ana, " + "x" * 65, "too long"),
    ],
)
def test_a_line_that_makes_no_mailbox_says_why(line: str, sentence: str) -> None:
    [found] = read(line, "example.org")
    assert sentence in str(found.sentence).replace("\u00a0", " ")


def test_lines_keep_their_numbers_and_empty_ones_make_nothing() -> None:
    found = read("\nana\n  \r\nLuis, luis\nAna, ANA\n", "example.org")
    assert [(each.line, each.local) for each in found] == [(2, "ana"), (4, "luis"), (5, "ana")]
    assert [str(each.sentence) for each in found] == ["", "", "This address stands in line 2 already."]


def test_a_name_proposes_a_local_part() -> None:
    assert [proposed(name) for name in ("Ana María Pérez Núñez", "Ana", "李", "")] == ["ana.nunez", "ana", "", ""]
