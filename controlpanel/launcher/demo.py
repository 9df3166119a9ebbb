"""First-run data, only ever in the embedded database: who signs in, one domain, two mailboxes, some mail by LMTP."""

import secrets
import smtplib
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import connection, transaction

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.launcher import keep, ports
from controlpanel.launcher.demo_messages import LETTERS
from controlpanel.launcher.errors import LauncherError
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Usage

DOMAIN = "demo.example"
PASSWORDS = "demo_passwords"
LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as. `password` is known while the file of passwords has it; `new`: made by this start."""

    role: str
    address: str
    name: str
    password: str = ""
    new: bool = False


OPERATOR = Person("operator", "operator@casilla.example", "Olga Operator")
ADMINISTRATOR = Person("administrator", f"admin@{DOMAIN}", "Adrián Ruiz")
OWNERS = (
    Person("mailbox", f"maria@{DOMAIN}", "María Núñez"),
    Person("mailbox", f"james@{DOMAIN}", "James Okafor"),
)
PEOPLE = (OPERATOR, ADMINISTRATOR, *OWNERS)


def people(data: Path) -> list[Person]:
    """Who can sign in, made now if the database is empty. Their passwords are random, in a file of mode 0600."""
    passwords = _passwords(data / PASSWORDS)
    new = not User.objects.exists()
    there = [replace(person, password=passwords[person.address], new=new) for person in PEOPLE]
    if new:
        with transaction.atomic():
            _make(there)
    connection.close()
    return there


def deliver(bind: str) -> None:
    """Send the first mail to each mailbox that has never had any, by LMTP as a mail server would.

    Raises LauncherError with the service's own words if it is refused.
    """
    fresh = Usage.objects.filter(change=0).values_list("mailbox__address_text", flat=True)
    waiting = [letter for letter in LETTERS if letter.recipient in set(fresh)]
    connection.close()
    if not waiting:
        return
    host, port = ports.reachable(bind)
    try:
        with smtplib.LMTP(host, port, local_hostname="localhost") as service:
            for letter in waiting:
                service.sendmail(letter.sender, [letter.recipient], letter.octets(), ["BODY=8BITMIME"])
    except (OSError, smtplib.SMTPException) as error:
        raise LauncherError(f"the first mail could not be delivered: {error}") from None


def curl_settings(data: Path, chain: Path) -> Path:
    """Write what curl needs to fetch the first owner's mail, so that no password stands in a command line."""
    owner = OWNERS[0].address
    path = data / "maria.curl"
    lines = [f'user = "{owner}:{_passwords(data / PASSWORDS)[owner]}"', f'cacert = "{chain}"', "silent", "show-error"]
    keep.write(path, "\n".join([*lines, ""]).encode())
    return path


def _make(there: list[Person]) -> None:
    operator, administrator, *owners = there
    changes.create_operator(operator.address, actor=SHELL, password=operator.password, name=operator.name)
    domain = changes.create_domain(DOMAIN, actor=SHELL, limit_mailboxes=20, limit_octets=20 * 2**30)
    changes.appoint_administrator(
        domain, administrator.address, actor=SHELL, password=administrator.password, name=administrator.name
    )
    for owner in owners:
        local = owner.address.partition("@")[0]
        changes.create_mailbox(domain, local, actor=SHELL, name=owner.name, password=owner.password)


def _passwords(path: Path) -> dict[str, str]:
    """ADDRESS PASSWORD, a line each; made at first."""
    if not path.exists():
        made = "".join(f"{person.address} {_password()}\n" for person in PEOPLE)
        keep.write(path, made.encode())
    return dict(line.split() for line in path.read_text().splitlines())


def _password() -> str:
    """Four groups of four signs that are not mistaken for one another: 79 bits."""
    return "-".join("".join(secrets.choice(LEGIBLE) for _ in range(4)) for _ in range(4))
