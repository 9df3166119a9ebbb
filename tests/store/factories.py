"""Small builders for tests: rows as changes.py leaves them, without going through forms and rules."""

import itertools
import os
from typing import Any

from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, Usage

_numbers = itertools.count(1)


def make_domain(name: str = "", **fields: Any) -> Domain:
    """A domain with a name of its own, or the one of this name if it is there."""
    name = name or f"domain{next(_numbers)}.example"
    return Domain.objects.get_or_create(name=name, defaults=fields)[0]


def make_mailbox(address: str = "", **fields: Any) -> Mailbox:
    """A mailbox with its User (who has no password), Address and Usage; its domain is made if need be.

    `fields` are the Mailbox's; without an address it gets one of its own.
    """
    address = address or f"box{next(_numbers)}@domain{next(_numbers)}.example"
    local, _, name = address.rpartition("@")
    domain = make_domain(name)
    box = Mailbox.objects.create(
        user=User.objects.create_user(address),
        domain=domain,
        address=Address.objects.create(domain=domain, local=local),
        address_text=address,
        scram_salt=os.urandom(16),
        **fields,
    )
    Usage.objects.create(mailbox=box)
    return box


def make_alias(address: str, *targets: Mailbox | str) -> Address:
    """An alias for local mailboxes and addresses elsewhere. An empty local part is the domain's catch-all."""
    local, _, name = address.rpartition("@")
    taken = Address.objects.create(domain=make_domain(name), local=local)
    for target in targets:
        inside = target if isinstance(target, Mailbox) else None
        Alias.objects.create(address=taken, mailbox=inside, outside="" if isinstance(target, Mailbox) else target)
    return taken
