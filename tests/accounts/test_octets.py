import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.mailboxes import octets

MB, GB = 2**20, 2**30


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10 GB", 10 * GB),
        ("500M", 500 * MB),
        ("500 mb", 500 * MB),
        ("1,5 GB", 1536 * MB),
        ("1.5 GiB", 1536 * MB),
        ("1.5\u00a0GB", 1536 * MB),
        ("0,25gb", 256 * MB),
        ("2048", 2048),
        ("2048 B", 2048),
        ("3 kB", 3072),
        ("1 T", 2**40),
        (" 7 M ", 7 * MB),
        ("0.5 kB", 512),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, number: int) -> None:
    assert octets.read(text) == number


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a number and a unit"),
        ("GB", "a number and a unit"),
        ("ten GB", "a number and a unit"),
        ("-5 GB", "a number and a unit"),
        ("5 XB", "a number and a unit"),
        ("1.5.5 GB", "a number and a unit"),
        ("1,5,5", "a number and a unit"),
        ("1e9", "a number and a unit"),
        ("\u0661 GB", "a number and a unit"),
        ("0", "out of range"),
        ("0.1 B", "out of range"),
        ("2000 TB", "out of range"),
        ("9" * 16 + " GB", "out of range"),
        ("9" * 999, "a number and a unit"),
        ("1.500 MB", "between the thousands"),
        ("1,500 MB", "between the thousands"),
    ],
)
def test_what_is_no_amount_has_its_sentence(text: str, sentence: str) -> None:
    with translation.override("en"), pytest.raises(octets.OctetsError) as error:
        octets.read(text)
    assert sentence in str(error.value.sentence)


@pytest.mark.parametrize(
    ("number", "english", "spanish"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1000, "1 kB", "1 kB"),
        (312 * MB, "312 MB", "312 MB"),
        (1536 * MB, "1.5 GB", "1,5 GB"),
        (int(99.96 * MB), "100 MB", "100 MB"),
        (1010 * MB, "1 GB", "1 GB"),
        (10 * GB, "10 GB", "10 GB"),
        (2**50, "1024 TB", "1024 TB"),
    ],
)
def test_amounts_are_shown_in_the_language_in_force(number: int, english: str, spanish: str) -> None:
    for language, expected in (("en", english), ("es", spanish)):
        with translation.override(language):
            assert octets.shown(number) == expected.replace(" ", "\u00a0")


@given(st.integers(1, octets.LARGEST))
def test_what_a_form_shows_is_read_back_exactly(number: int) -> None:
    assert octets.read(octets.written(number)) == number


def test_no_limit_is_an_empty_field() -> None:
    assert octets.written(None) == ""


@given(st.integers(0, octets.LARGEST))
def test_what_is_shown_is_within_a_twentieth(number: int) -> None:
    with translation.override("en"):
        text = octets.shown(number)
    if number:
        assert abs(octets.read(text) - number) <= max(number / 20, 25)


@given(st.text())
def test_any_text_is_an_amount_or_has_a_sentence(text: str) -> None:
    try:
        number = octets.read(text)
    except octets.OctetsError as error:
        number = None
        assert str(error.sentence)  # noqa: PT017
    assert number is None or 0 < number <= octets.LARGEST
