"""Whether a message bears the mark by which the mail server says that it is spam."""

import re

from django.conf import settings

from controlpanel.mailstore.headers import head


class Mark:
    """`header` is `Name: value`, "" for none; `subaddress` what stands after a + for spam, "" for none."""

    def __init__(self, header: str, subaddress: str) -> None:
        name, _, value = header.partition(":")
        self._name = re.escape(name.strip().encode())
        self._value = re.escape(value.strip().encode())
        self._subaddress = f"+{subaddress.lower()}" if subaddress else ""
        self._field = re.compile(rb"(?im)^%s[ \t]*:[ \t]*%s(?![A-Za-z0-9])" % (self._name, self._value))

    def is_in(self, octets: bytes) -> bool:
        """Tell whether a field of a message's head has the value, or begins with it as `Yes, score=7` does."""
        if not self._name:
            return False
        return self._field.search(head(octets)) is not None

    def is_of(self, address: str) -> bool:
        """Tell whether a recipient's address says so itself."""
        return bool(self._subaddress) and address.rpartition("@")[0].lower().endswith(self._subaddress)


def operators_mark() -> Mark:
    """Return what the operator named."""
    return Mark(settings.SPAM_HEADER, settings.SPAM_SUBADDRESS)
