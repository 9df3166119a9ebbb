"""Pure: what an address is, and the one way in which we write it.

A local part is NFC and lower case, prepared by PRECIS UsernameCaseMapped (RFC 8265 section 3.3) and held to the
dot-atom of RFC 5322 section 3.2.3 with the UTF-8 of RFC 6532. A domain is in A-label form, checked by the rules of
IDNA2008 (RFC 5891 section 4.2, RFC 5892): the PRECIS IdentifierClass restates them, so one library holds both tables.
"""

import re
import unicodedata

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from precis_i18n import get_profile
from precis_i18n.bidi import bidi_rule, has_rtl
from precis_i18n.unicode import UnicodeData

LOCAL_OCTETS = 64  # RFC 5321 section 4.5.3.1.1
DOMAIN_OCTETS = 253  # RFC 1035 section 2.3.4, as text without the final dot
LABEL_OCTETS = 63
ADDRESS_OCTETS = 254  # RFC 3696 erratum 1690: a path of 256 less its angle brackets

Sentence = str | Promise

_ATOM_SIGNS = frozenset("!#$%&'*+-/=?^_`{|}~")
_LDH = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
_IDEOGRAPHIC_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_IGNORABLE_BLOCKS = (range(0x20D0, 0x2100), range(0x1D100, 0x1D250))
_user_name = get_profile("UsernameCaseMapped")
_identifier = get_profile("IdentifierClass")
_unicode = UnicodeData()


class AddressError(ValueError):
    """A text is no address. `sentence` says why, for the person who typed it."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def canonical(text: str) -> str:
    """Return `text` as we store and compare it, `local@domain`. Raises AddressError."""
    local, domain = split(text)
    return f"{local_part(local)}@{domain_name(domain)}"


def canonical_or_none(text: str) -> str | None:
    """Return `canonical(text)`, or None where the text is no address: for names that strangers sign in with."""
    try:
        return canonical(text)
    except AddressError:
        return None


def shown(address: str) -> str:
    """Return a canonical address with its domain as people write it (U-labels)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain_shown(domain)}"


def elsewhere(text: str) -> str:
    """Return an address that another server keeps: the local part as it came, the domain in A-label form."""
    local, domain = split(text)
    _check_local(local)
    return f"{local}@{domain_name(domain)}"


def split(text: str) -> tuple[str, str]:
    """Return local part and domain as they came. Raises AddressError."""
    text = text.strip()
    local, at, domain = text.rpartition("@")
    if not at:
        raise AddressError(_("An address has the form name@domain."))
    if not local:
        raise AddressError(_("There is no name before the @ sign."))
    if len(text.encode("utf-8", "replace")) > ADDRESS_OCTETS:
        raise AddressError(_("This address is too long: 254 characters is the most."))
    return local, domain


def local_part(text: str) -> str:
    """Return the local part `text` as we store it. Raises AddressError."""
    text = text.strip()
    prepared = text.lower() if text.isascii() else _prepared(text)
    _check_local(prepared)
    return prepared


def _prepared(text: str) -> str:
    try:
        return _user_name.enforce(text)
    except UnicodeEncodeError as error:
        raise AddressError(_not_allowed(error)) from None


def _not_allowed(error: UnicodeEncodeError) -> Sentence:
    if error.end - error.start != 1:
        return _("This mixture of characters is not allowed in an address.")
    return _("The character “%(character)s” is not allowed in an address.") % {
        "character": _visible(error.object[error.start])
    }


def _visible(character: str) -> str:
    return character if character.isprintable() and not character.isspace() else f"U+{ord(character):04X}"


def _check_local(local: str) -> None:
    if not local:
        raise AddressError(_("There is no name before the @ sign."))
    if len(local.encode("utf-8", "replace")) > LOCAL_OCTETS:
        raise AddressError(_("The name before the @ sign is too long: 64 characters is the most."))
    # Programs that read a header as RFC 2047 says would decode it, line ends and all.
    if "=?" in local:
        raise AddressError(_("The signs =? do not stand together in an address."))
    if any(not atom for atom in local.split(".")):
        raise AddressError(_("Dots stand between characters: not first, not last, not two together."))
    for character in local:
        if not _in_atom(character):
            raise AddressError(
                _("The character “%(character)s” is not allowed in an address.") % {"character": _visible(character)}
            )


def _in_atom(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "." or character in _ATOM_SIGNS
    return character.isprintable() and not character.isspace()


def domain_name(text: str) -> str:
    """Return the domain `text` in A-label form, lower case, without a final dot. Raises AddressError."""
    text = unicodedata.normalize("NFC", text.strip().translate(_IDEOGRAPHIC_DOTS).lower()).removesuffix(".")
    labels = [_label(label) for label in text.split(".")]
    name = ".".join(labels)
    if len(labels) < 2:
        raise AddressError(_("A domain has a dot in it, as in example.org."))
    if labels[-1].isdigit():
        raise AddressError(_("A domain does not end in a number."))
    if len(name) > DOMAIN_OCTETS:
        raise AddressError(_("This domain is too long: 253 characters is the most."))
    return name


def _label(label: str) -> str:
    if not label:
        raise AddressError(_("Between two dots of a domain stands at least one character."))
    encoded = _plain_label(label) if label.isascii() else _a_label(label)
    if len(encoded) > LABEL_OCTETS:
        raise AddressError(_("A part of this domain is too long: 63 characters is the most between two dots."))
    return encoded


def _plain_label(label: str) -> str:
    if not _LDH.match(label):
        raise AddressError(
            _("“%(label)s” is not part of a domain: it has letters, digits and, between them, hyphens.")
            % {"label": "".join(map(_visible, label))}
        )
    if label.startswith("xn--"):
        return _checked_a_label(label)
    if label[2:4] == "--":
        raise AddressError(_("“%(label)s” is not part of a domain that anyone can own.") % {"label": label})
    return label


def _checked_a_label(label: str) -> str:
    """RFC 5891 section 5.4: an A-label is what its own U-label encodes to."""
    try:
        if _a_label(label[4:].encode("ascii").decode("punycode")) == label:
            return label
    except (UnicodeError, OverflowError, AddressError):
        pass
    raise AddressError(_("“%(label)s” is not the encoded form of any name.") % {"label": label})


def _a_label(label: str) -> str:
    """RFC 5891 section 4.2, and the Bidi rule of RFC 5893."""
    sentence = _("“%(label)s” is not part of a domain that anyone can own.") % {"label": "".join(map(_visible, label))}
    hyphens = label[:1] == "-" or label[-1:] == "-" or label[2:4] == "--"
    if hyphens or label.isascii() or unicodedata.category(label[0]).startswith("M"):
        raise AddressError(sentence)
    if label != unicodedata.normalize("NFC", label) or not all(map(_in_u_label, label)):
        raise AddressError(sentence)
    try:
        _identifier.enforce(label)
    except UnicodeEncodeError as error:
        raise AddressError(_not_allowed(error)) from None
    if has_rtl(label, _unicode) and not bidi_rule(label, _unicode):
        raise AddressError(sentence)
    return "xn--" + label.encode("punycode").decode("ascii")


def _in_u_label(character: str) -> bool:
    """What IDNA2008 asks beyond the IdentifierClass: RFC 5892 sections 2.2 (unstable), 2.4 (blocks) and 2.5 (LDH)."""
    if character.isascii():
        return character.isalnum() or character == "-"
    if any(ord(character) in block for block in _IGNORABLE_BLOCKS):
        return False
    once = unicodedata.normalize("NFKC", character).casefold()
    return character in "ßς" or character == unicodedata.normalize("NFKC", once)


def domain_shown(name: str) -> str:
    """Return a domain of ours with its A-labels turned into what people read."""
    return ".".join(_u_label(label) for label in name.split("."))


def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label
