"""The way back of a hand-over: the address and the aliases return; what was moved stays with who has it."""

from django.utils.translation import gettext as _

from controlpanel.accounts.models import User
from controlpanel.mailboxes.changes.refused import ChangeRefused
from controlpanel.mailboxes.models import Address, Alias, HandOver, Mailbox


def take_back(mailbox: Mailbox) -> None:
    """Give the locked mailbox what a hand-over took from it, if there was one. Refused: "" (its address is taken)."""
    handed = HandOver.objects.select_for_update(no_key=True).filter(mailbox=mailbox).first()
    if handed is None:
        return
    _take_address(mailbox, handed)
    for address, had in handed.aliases:
        _take_alias(mailbox, handed, address, had)
    handed.delete()


def _take_address(mailbox: Mailbox, handed: HandOver) -> None:
    local = handed.address_text.rpartition("@")[0]
    own, _made = Address.objects.get_or_create(domain=mailbox.domain, local=local)
    others = User.objects.filter(address=handed.address_text).exists()
    if others or Mailbox.objects.filter(address=own).exists():
        raise ChangeRefused("", _("Its address is taken by now. Free it first."))
    own.aliases.all().delete()
    left = mailbox.address
    mailbox.address, mailbox.address_text = own, handed.address_text
    mailbox.save(update_fields=["address", "address_text"])
    User.objects.filter(pk=mailbox.user_id).update(address=handed.address_text)
    left.delete()


def _take_alias(mailbox: Mailbox, handed: HandOver, address: int, had: bool) -> None:
    """Of an alias that is there no more, or leads elsewhere by now, nothing is taken back."""
    led = Alias.objects.filter(address=address, mailbox=handed.target_id)
    if not led.exists():
        return
    if not had:
        led.delete()
    Alias.objects.get_or_create(address_id=address, mailbox=mailbox)
