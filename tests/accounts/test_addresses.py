"""Addresses as people write them and as we keep them. Domains are held against the `idna` library, letter by letter."""

import unicodedata
from collections.abc import Iterable

import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from controlpanel.accounts import addresses
from controlpanel.accounts.addresses import (
    AddressError,
    canonical,
    canonical_or_none,
    domain_name,
    domain_shown,
    elsewhere,
    local_part,
    shown,
    split,
)
from controlpanel.mailboxes.addresses import CATCH_ALL, new_alias_local, new_local


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  Ana.P\u00c9REZ@EXAMPLE.org. ", "ana.p\u00e9rez@example.org"),
        ("Jose\u0301@example.org", "jos\u00e9@example.org"),
        ("\uff41\uff4e\uff41@example.org", "ana@example.org"),
        ("o'neil+tag@example.org", "o'neil+tag@example.org"),
        ("\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a", "\u7528\u6237@xn--fsqu00a.xn--4rr70v"),
        ("a@B@example.org", None),
        ("\u0130stanbul@example.org", "i\u0307stanbul@example.org"),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, kept: str | None) -> None:
    assert canonical_or_none(text) == kept


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "name@domain"),
        ("ana", "name@domain"),
        ("@example.org", "no name before"),
        ("ana@", "at least one character"),
        ("ana@localhost", "a dot in it"),
        ("ana@[192.0.2.1]", "letters, digits"),
        ("ana perez@example.org", "“U+0020”"),
        ("ana\u00a0perez@example.org", "not allowed"),
        ("ana,eva@example.org", "“,”"),
        ("ana\u202e@example.org", "“U+202E”"),
        ("\u05d0b@example.org", "mixture"),
        ("a" * 65 + "@example.org", "64 characters"),
        ("a@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63, "254 characters"),
        ("\ud800@example.org", "not allowed"),
        ("=?utf-8?q?a=0d=0aBcc:?=@example.org", "=?"),
    ],
)
def test_what_is_no_address_has_its_sentence(text: str, sentence: str) -> None:
    with translation.override("en"), pytest.raises(AddressError) as error:
        canonical(text)
    assert sentence in str(error.value.sentence)


def test_the_name_before_the_sign_ends_at_the_last_one() -> None:
    assert split('"a@b"@example.org') == ('"a@b"', "example.org")


def test_an_address_elsewhere_keeps_its_case() -> None:
    assert elsewhere(" Eva.B+x@M\u00dcNCHEN.example ") == "Eva.B+x@xn--mnchen-3ya.example"
    with pytest.raises(AddressError):
        elsewhere("a b@example.org")


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("xn--mnchen-3ya.example", "m\u00fcnchen.example"),
        ("example.org", "example.org"),
        ("xn--fsqu00a.xn--4rr70v", "\u4f8b\u5b50.\u5e7f\u544a"),
    ],
)
def test_a_domain_is_shown_as_people_write_it(kept: str, read: str) -> None:
    assert domain_shown(kept) == read
    assert shown(f"ana@{kept}") == f"ana@{read}"
    assert domain_name(read) == kept


def test_what_is_no_a_label_of_ours_is_shown_as_it_is() -> None:
    assert domain_shown("xn--\u00fc.example") == "xn--\u00fc.example"
    assert shown("no address") == "no address"


def idna_of(label: str) -> str | None:
    idna = pytest.importorskip("idna")
    try:
        return str(idna.alabel(label).decode())
    except idna.IDNAError:
        return None


def ours_of(label: str) -> str | None:
    try:
        return addresses._label(label)
    except AddressError:
        return None


def differing(around: str, codes: Iterable[int]) -> list[str]:
    """The code points of which we judge otherwise than `idna` does, between these neighbours."""
    found = []
    for code in codes:
        label = unicodedata.normalize("NFC", around.format(chr(code)).lower())
        if unicodedata.category(chr(code)) not in ("Cn", "Cs") and not label.isascii():
            found += [hex(code)] if ours_of(label) != idna_of(label) else []
    return found


@pytest.mark.parametrize("around", ["a{}b", "\u05d0{}\u05d1", "\u30ce{}\u30ce", "{}", "l{}l"])
def test_the_letters_of_europe_and_the_near_east_are_taken_as_idna2008_says(around: str) -> None:
    assert not differing(around, range(0x80, 0x700))


def test_a_sample_of_every_script_is_taken_as_idna2008_says() -> None:
    assert not differing("a{}b", range(0x700, 0x110000, 41))


@pytest.mark.torture
@pytest.mark.timeout(300)
@pytest.mark.parametrize("around", ["a{}b", "\u05d0{}\u05d1", "\u30ce{}\u30ce", "{}", "l{}l"])
def test_every_letter_of_unicode_is_taken_as_idna2008_says(around: str) -> None:
    assert not differing(around, range(0x80, 0x110000))


@given(
    st.text(
        st.sampled_from("aZ0-\u00fc\u00df\u03c2\u200d\u0301\u05d0\u0661\u06f1\u00b7l\u30fb\u30ce\u094d\u0915"),
        max_size=12,
    )
)
@example("a\u200db")
@example("\u0915\u094d\u200d\u0915")
@example("\u0661\u06f1")
def test_labels_are_taken_as_idna2008_says(text: str) -> None:
    label = unicodedata.normalize("NFC", text.lower())
    if label and not label.isascii():
        assert ours_of(label) == idna_of(label)


@given(st.text())
def test_any_text_is_an_address_or_none_and_what_is_kept_stays(text: str) -> None:
    kept = canonical_or_none(text)
    if kept is not None:
        assert canonical(kept) == kept
        assert len(kept.rpartition("@")[0].encode()) <= addresses.LOCAL_OCTETS
        assert kept.rpartition("@")[2].isascii()


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "M", "P")), min_size=1, max_size=12))
def test_a_local_part_is_kept_in_one_form_whatever_its_case(text: str) -> None:
    try:
        kept = local_part(text)
    except AddressError:
        return
    assert local_part(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)


def test_a_new_mailbox_leaves_out_the_plus_sign() -> None:
    assert new_local("Ana") == "ana"
    with translation.override("en"), pytest.raises(AddressError) as error:
        new_local("ana+x")
    assert "plus sign" in str(error.value.sentence)


def test_a_star_is_the_catch_all() -> None:
    assert new_alias_local("*") == new_alias_local(" ") == CATCH_ALL
    assert new_alias_local("Ventas") == "ventas"
