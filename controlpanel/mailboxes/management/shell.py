"""What the commands of a shell share: a secret from standard input, errors of one line."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError

from controlpanel.accounts.addresses import AddressError, canonical
from controlpanel.accounts.models import User
from controlpanel.mailboxes.changes import ChangeRefused
from controlpanel.mailboxes.octets import OctetsError

LONGEST = 4096  # octets


def takes_password(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        required=True,
        help="read the password from the first line of standard input: an argument would show in the list of processes",
    )


def secret() -> str:
    """Return the first line of standard input, without its end."""
    octets = sys.stdin.buffer.readline(LONGEST)
    try:
        line = octets.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise CommandError("Standard input is not UTF-8.") from None
    if not line:
        raise CommandError("Standard input is empty: nothing was read.")
    return line


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What is refused inside ends the command with its one sentence."""
    try:
        yield
    except ChangeRefused as refused:
        raise CommandError(str(refused)) from None
    except (AddressError, OctetsError) as error:
        raise CommandError(str(error.sentence)) from None


def user_at(address: str) -> User:
    """Return who signs in with this address."""
    with one_line_errors():
        user = User.objects.filter(address=canonical(address)).first()
    if user is None:
        raise CommandError(f"Nobody signs in with {address}.")
    return user
