"""When somebody leaves: their way in ends everywhere, and another mailbox takes over their address and mail."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import LOCAL_OCTETS, canonical, shown
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes import octets, signals
from controlpanel.mailboxes.changes import states
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.taken import taken
from controlpanel.mailboxes.changes.voiding import void_sign_in
from controlpanel.mailboxes.models import (
    Access,
    Address,
    Alias,
    DevicePassword,
    Domain,
    HandOver,
    Mailbox,
    OwnerNotice,
    State,
    Usage,
)
from controlpanel.mailboxes.rules import Act, may, remembered_rights, require


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a hand-over takes with it: counted for the page that asks."""

    devices: int
    aliases: int
    opens: int  # further mailboxes that the owner opens


def leaving(mailbox: Mailbox) -> Leaving:
    return Leaving(
        devices=mailbox.device_passwords.filter(revoked=None, lent=False).count(),
        aliases=mailbox.aliases.count(),
        opens=Access.objects.filter(user=mailbox.user_id).count(),
    )


def hand_over(mailbox: Mailbox, target: str, *, actor: Actor, move: bool) -> HandOver:
    """Give the address of the mailbox, and with `move` what waits in it, to the mailbox `target`; delete the rest.

    Until its days of grace are over `undelete_mailbox` gives the address back; what was moved stays where it is.
    Refused: target, move, or "" (its owner runs domains or the service).
    """
    require(actor, Act.RULE_MAILBOX, mailbox)
    named = _target(target, mailbox, actor)
    if move and actor.user is not None and named.pk in remembered_rights(actor.user).mailboxes:
        raise ChangeRefused("move", _("Nobody moves another's mail to themselves. Somebody else who runs it can."))
    with change(taken("")):
        leaver, mailbox, taker = _locked(mailbox, named)
        _ask_room(mailbox, taker, move)
        handed = HandOver(mailbox=mailbox, target=taker, address_text=mailbox.address_text, moving=move)
        _end_sign_in(leaver, mailbox)
        handed.aliases = _lead_on(mailbox.aliases.all(), taker)
        _part_from_address(mailbox, leaver, taker)
        states.mark_deleted(mailbox)
        handed.save()
        _tell(actor, handed)
    return handed


def _target(address: str, mailbox: Mailbox, actor: Actor) -> Mailbox:
    with said_of("target"):
        address = canonical(address)
    target = Mailbox.objects.select_related("domain").filter(address_text=address).exclude(state=State.DELETED).first()
    if target is None or (actor.user is not None and not may(actor.user, Act.CHANGE_MAILBOX, target)):
        raise ChangeRefused("target", _("There is no mailbox %(address)s.") % {"address": shown(address)})
    if target.pk == mailbox.pk:
        raise ChangeRefused("target", _("This is the mailbox itself."))
    return target


def _locked(mailbox: Mailbox, target: Mailbox) -> tuple[User, Mailbox, Mailbox]:
    """Return the leaver and both mailboxes as they are now, locked in the house's order."""
    domains = Domain.objects.filter(pk__in={mailbox.domain_id, target.domain_id})
    list(domains.order_by("pk").select_for_update(no_key=True))
    leaver = User.objects.select_for_update(no_key=True).get(pk=mailbox.user_id)
    both = {mailbox.pk, target.pk}
    list(Usage.objects.filter(mailbox__in=both).order_by("mailbox").select_for_update(no_key=True))
    rows = {row.pk: row for row in Mailbox.objects.filter(pk__in=both).order_by("pk").select_for_update(no_key=True)}
    if State.DELETED in {row.state for row in rows.values()}:
        raise ChangeRefused("", _("This is deleted. Undo that first."))
    if leaver.is_operator or leaver.domains.exists():
        raise ChangeRefused(
            "", _("Its owner still runs domains or the service. Whoever appointed them ends that first.")
        )
    return leaver, rows[mailbox.pk], rows[target.pk]


def _ask_room(mailbox: Mailbox, target: Mailbox, move: bool) -> None:
    waiting, held = Usage.objects.get(mailbox=mailbox).octets, Usage.objects.get(mailbox=target).octets
    if move and target.quota is not None and held + waiting > target.quota:
        sentence = _("%(target)s has %(left)s left, and %(waiting)s wait. Give it more space, or leave the mail.")
        left = octets.shown(max(0, target.quota - held))
        values = {"target": shown(target.address_text), "left": left, "waiting": octets.shown(waiting)}
        raise ChangeRefused("move", sentence % values)


def _end_sign_in(leaver: User, mailbox: Mailbox) -> None:
    """To the panel and to mail, here and in every mailbox that they open beside it."""
    void_sign_in(leaver)
    devices = DevicePassword.objects.filter(revoked=None)
    made_elsewhere = list(devices.filter(made_by=leaver).exclude(mailbox=mailbox))
    for device in made_elsewhere:
        signals.sign_in_ended.send(DevicePassword, domain=None, mailbox=device.mailbox_id, device=device.pk)
    devices.filter(pk__in=[device.pk for device in made_elsewhere]).update(revoked=timezone.now())
    devices.filter(mailbox=mailbox).update(revoked=timezone.now())
    Access.objects.filter(user=leaver).delete()
    signals.sign_in_ended.send(Mailbox, domain=None, mailbox=mailbox.pk, device=None)


def _lead_on(aliases: Iterable[Alias], target: Mailbox) -> list[tuple[int, bool]]:
    """Let the aliases of the leaving mailbox hand mail to `target`; say of each whether they did so already."""
    followed = []
    for alias in aliases:
        had = Alias.objects.filter(address=alias.address_id, mailbox=target).exists()
        if had:
            alias.delete()
        else:
            Alias.objects.filter(pk=alias.pk).update(mailbox=target)
        followed.append((alias.address_id, had))
    return followed


def _part_from_address(mailbox: Mailbox, leaver: User, target: Mailbox) -> None:
    """Put the mailbox under an address that nobody writes to, and make its own an alias."""
    own, domain = mailbox.address, mailbox.domain
    local = _left(own.local, mailbox.pk)
    mailbox.address = Address.objects.create(domain=domain, local=local)
    mailbox.address_text = leaver.address = f"{local}@{domain.name}"
    leaver.save(update_fields=["address"])
    mailbox.save(update_fields=["address", "address_text"])
    Alias.objects.create(address=own, mailbox=target)


def _left(local: str, number: int) -> str:
    mark = f"~{number}"
    return local.encode()[: LOCAL_OCTETS - len(mark)].decode("utf-8", "ignore").rstrip(".") + mark


def _tell(actor: Actor, handed: HandOver) -> None:
    by = actor.user.address if actor.user else ""
    OwnerNotice.objects.create(
        mailbox=handed.target,
        about=OwnerNotice.About.HAND_OVER,
        details={"address": handed.address_text, "by": by},
    )
    record.activity(
        actor,
        "hand_over",
        domain_id=handed.mailbox.domain_id,
        mailbox_id=handed.mailbox.pk,
        subject=handed.address_text,
        details={"to": handed.target.address_text, "moved": handed.moving},
    )
