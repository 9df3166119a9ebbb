"""Labels: words by which administrators tell the mailboxes of a domain apart. Neither owners nor others see them."""

from collections.abc import Iterable

from django.db.models.functions import Lower
from django.utils.translation import ngettext

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, text
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Domain, Label, Mailbox
from controlpanel.mailboxes.rules import Act, require

LENGTH = 40
MOST = 10  # a mailbox


def label_mailbox(mailbox: Mailbox, names: Iterable[str], *, actor: Actor) -> None:
    """Give the mailbox these labels and no others; one that no mailbox has any more is gone. Refused: labels."""
    require(actor, Act.CHANGE_MAILBOX, mailbox)
    wanted = read(names)
    with change():
        # What is new for the domain is written under its lock: two forms make one label.
        domain = Domain.objects.select_for_update(no_key=True).get(mailboxes=mailbox)
        before = sorted(mailbox.labels.values_list("name", flat=True))
        put(mailbox, domain, wanted)
        after = sorted(mailbox.labels.values_list("name", flat=True))
        if after != before:
            _drop_unused(domain)
            tell_of_mailbox(actor, "label_mailbox", mailbox, {"labels": after})


def read(names: Iterable[str]) -> list[str]:
    """Return labels as they are kept, each once, whatever its case. Refused: labels."""
    by_fold: dict[str, str] = {}
    for name in (text("labels", each, LENGTH) for each in names):
        if name:
            by_fold.setdefault(name.casefold(), name)
    if len(by_fold) > MOST:
        sentence = ngettext("A mailbox has at most %d label.", "A mailbox has at most %d labels.", MOST)
        raise ChangeRefused("labels", sentence % MOST)
    return list(by_fold.values())


def put(mailbox: Mailbox, domain: Domain, names: Iterable[str]) -> None:
    """Give the mailbox these labels of the locked domain, made where they are new: how they are written stays."""
    known = {label.name.casefold(): label for label in domain.labels.all()}
    mailbox.labels.set(known.get(name.casefold()) or Label.objects.create(domain=domain, name=name) for name in names)


def carry(mailbox: Mailbox, before: Domain, after: Domain) -> None:
    """Give a mailbox that moves between locked domains labels of the same names there."""
    put(mailbox, after, list(mailbox.labels.order_by(Lower("name")).values_list("name", flat=True)))
    _drop_unused(before)


def _drop_unused(domain: Domain) -> None:
    domain.labels.filter(mailboxes=None).delete()
