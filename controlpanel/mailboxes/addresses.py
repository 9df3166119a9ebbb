"""Pure: the addresses that we make here. What an address is: accounts/addresses.py."""

from django.utils.translation import gettext_lazy as _

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

__all__ = [
    "CATCH_ALL",
    "AddressError",
    "canonical",
    "canonical_or_none",
    "domain_name",
    "domain_shown",
    "elsewhere",
    "local_part",
    "new_alias_local",
    "new_local",
    "shown",
    "split",
]

CATCH_ALL = ""


def new_local(text: str, separator: str = "+") -> str:
    """Return the local part of an address to be made here, in a domain of this separator. Raises AddressError."""
    local = local_part(text)
    if separator == "+" and "+" in local:  # names with the other separators are of old: juan-carlos, ana_maria
        raise AddressError(_("Leave out the plus sign: mail to name+anything@ already arrives at name@."))
    return local


def new_alias_local(text: str, separator: str = "+") -> str:
    """Return the local part of an alias to be made; `*`, or nothing, is the domain's catch-all. Raises AddressError."""
    return CATCH_ALL if text.strip() in ("", "*") else new_local(text, separator)
