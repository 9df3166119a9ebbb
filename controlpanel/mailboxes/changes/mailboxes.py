"""Mailboxes: made, changed, renamed, suspended, closed, deleted."""

from typing import Any, TypedDict, Unpack

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts import passwords
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical, domain_shown
from controlpanel.accounts.models import User
from controlpanel.mailboxes import device_passwords, octets, signals
from controlpanel.mailboxes.addresses import new_local
from controlpanel.mailboxes.changes import labels, states
from controlpanel.mailboxes.changes.handing_back import take_back
from controlpanel.mailboxes.changes.passwords_set import hash_of_new
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of, text
from controlpanel.mailboxes.changes.rooms import DEFAULT, Quota, chosen, lock_domain, make_room, reallot
from controlpanel.mailboxes.changes.taken import taken
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, State, Usage
from controlpanel.mailboxes.rules import Act, allows, require
from controlpanel.mailboxes.sending import MOST_A_DAY

NAME_LENGTH = 120
NOTE_LENGTH = 500
# A larger quota ends the day after which a full mailbox refuses. Asked without Usage's lock, which comes before
# Mailbox's: what is forgotten wrongly here is noted again by the next refusal.
HAS_ROOM = Q(quota__isnull=True) | Exists(Usage.objects.filter(mailbox=OuterRef("pk"), octets__lt=OuterRef("quota")))


class MailboxSettings(TypedDict, total=False):
    """What may be set on a mailbox."""

    name: str
    quota: Quota
    removed_cap: int | None
    note: str
    pop3_enabled: bool
    send_enabled: bool
    daily_limit: int | None  # none: the domain's


def create_mailbox(
    domain: Domain,
    local: str,
    *,
    actor: Actor,
    name: str = "",
    quota: Quota = DEFAULT,
    password: str | None = None,
    password_hash: str | None = None,
    hashed: str | None = None,
    language: str = "",
    note: str = "",
) -> Mailbox:
    """Make a mailbox, its User, its address and its usage row.

    With `password`, with `password_hash` as another server wrote it, or with `hashed` as a User's row keeps it; with
    none of them an invitation comes first. `language`: of its owner; "": the domain's.
    Refused: local, quota, password, password_hash, name, note, or "" (the domain is full, or not open).
    """
    require(actor, Act.CREATE_MAILBOX, domain)
    with said_of("local"):
        local = new_local(local, domain.separator)
        address = canonical(f"{local}@{domain.name}")
    name, note = text("name", name, NAME_LENGTH), text("note", note, NOTE_LENGTH)
    stored = hashed if hashed is not None else _stored(address, name, password, password_hash)
    with change(taken("local", domain, local)):
        domain = lock_domain(domain)
        given = chosen(domain, quota)
        make_room(domain, given)
        mailbox = Mailbox.objects.create(
            user=User.objects.create(
                address=address, name=name, language=language, password=stored, password_changed=timezone.now()
            ),
            domain=domain,
            address=Address.objects.create(domain=domain, local=local),
            address_text=address,
            name=name,
            quota=given,
            note=note,
            scram_salt=device_passwords.new_salt(),
        )
        Usage.objects.create(mailbox=mailbox)
        tell_of_mailbox(actor, "create_mailbox", mailbox, {"quota": given})
    return mailbox


def _stored(address: str, name: str, password: str | None, password_hash: str | None) -> str:
    if password_hash is not None:
        with said_of("password_hash"):
            return passwords.kept_as_it_came(password_hash)
    return hash_of_new(password, address, name)


def change_mailbox(mailbox: Mailbox, *, actor: Actor, **settings: Unpack[MailboxSettings]) -> Mailbox:
    """Change what is named in `settings` and nothing else. Refused: the setting's own name."""
    require(actor, Act.CHANGE_MAILBOX, mailbox)
    wanted = _checked(settings)
    with change():
        domain, mailbox = lock(mailbox)
        if "quota" in settings:
            wanted["quota"] = chosen(domain, settings["quota"])
        before = {name: getattr(mailbox, name) for name in wanted}
        differing = {name: value for name, value in wanted.items() if value != before[name]}
        if "quota" in differing:
            reallot(domain, differing["quota"], mailbox)
        if differing:
            Mailbox.objects.filter(pk=mailbox.pk).update(**differing)
            _after(mailbox, differing)
            tell_of_mailbox(
                actor, "change_mailbox", mailbox, {name: [before[name], differing[name]] for name in differing}
            )
    mailbox.refresh_from_db(fields=list(wanted) or None)
    return mailbox


def _checked(settings: MailboxSettings) -> dict[str, Any]:
    wanted: dict[str, Any] = {**settings}
    wanted.pop("quota", None)
    if "name" in settings:
        wanted["name"] = text("name", settings["name"], NAME_LENGTH)
    if "note" in settings:
        wanted["note"] = text("note", settings["note"], NOTE_LENGTH)
    limit = settings.get("daily_limit")
    if limit is not None and not 0 <= limit <= MOST_A_DAY:
        raise ChangeRefused("daily_limit", _("A day has from 0 to a million recipients."))
    cap = settings.get("removed_cap")
    if cap is not None and not 0 <= cap <= octets.LARGEST:
        raise ChangeRefused("removed_cap", _("This cap lies between 0 octets and 1024 TB."))
    return wanted


def _after(mailbox: Mailbox, differing: dict[str, Any]) -> None:
    if "name" in differing:
        User.objects.filter(pk=mailbox.user_id).update(name=differing["name"])
    if "quota" in differing:
        _note_room(Mailbox.objects.filter(pk=mailbox.pk))
    if differing.get("pop3_enabled") is False:
        signals.sign_in_ended.send(Mailbox, domain=None, mailbox=mailbox.pk, device=None)


def _note_room(mailbox: QuerySet[Mailbox]) -> None:
    """Begin the day after which a full mailbox refuses, or end it: a mail server may ask for nothing but the row."""
    mailbox.filter(HAS_ROOM).update(full_since=None)
    mailbox.exclude(HAS_ROOM).filter(full_since=None).update(full_since=timezone.now())


def suspend_mailbox(mailbox: Mailbox, *, actor: Actor, reason: str = "") -> Mailbox:
    """Its owner does not sign in (and reads the reason); mail still arrives."""
    return _put(mailbox, State.SUSPENDED, actor, reason, "suspend_mailbox")


def close_mailbox(mailbox: Mailbox, *, actor: Actor, reason: str = "") -> Mailbox:
    """Its owner does not sign in, and mail is refused."""
    return _put(mailbox, State.CLOSED, actor, reason, "close_mailbox")


def reopen_mailbox(mailbox: Mailbox, *, actor: Actor) -> Mailbox:
    """End a suspension or a closure."""
    return _put(mailbox, State.ACTIVE, actor, "", "reopen_mailbox")


def delete_mailbox(mailbox: Mailbox, *, actor: Actor) -> Mailbox:
    """Mark the mailbox deleted: no sign-in, no mail; its address stays taken until retention removes it all."""
    require(actor, Act.RULE_MAILBOX, mailbox)
    with change():
        _domain, mailbox = lock(mailbox)
        if states.mark_deleted(mailbox):
            tell_of_mailbox(actor, "delete_mailbox", mailbox)
            signals.sign_in_ended.send(Mailbox, domain=None, mailbox=mailbox.pk, device=None)
    return mailbox


def undelete_mailbox(mailbox: Mailbox, *, actor: Actor) -> Mailbox:
    """Take the mark away: the mailbox is as it was before it was deleted, or handed over, but for its way in.

    Refused: "" (no room any more, too late, or its address is taken).
    """
    require(actor, Act.RULE_MAILBOX, mailbox)
    with change():
        domain, mailbox = lock(mailbox)
        if mailbox.state == State.DELETED:
            make_room(domain, mailbox.quota, mailbox)
            states.unmark(mailbox)
            take_back(mailbox)
            tell_of_mailbox(actor, "undelete_mailbox", mailbox)
    return mailbox


def rename_mailbox(mailbox: Mailbox, address: str, *, actor: Actor, keep_alias: bool = False) -> Mailbox:
    """Give the mailbox another address, here or in another domain of the actor's: mail and unique ids stay as they are.

    The old address becomes free, or an alias of the mailbox. Refused: address.
    """
    require(actor, Act.RULE_MAILBOX, mailbox)
    with said_of("address"):
        address = canonical(address)
        target = _domain_of(address, actor)
        local = new_local(address.rpartition("@")[0], target.separator)
    with change(taken("address", target, local)):
        mailbox = _lock_for_move(mailbox, target)
        if mailbox.address_text != address:
            old = mailbox.address_text
            _move(mailbox, target, local, address, keep_alias)
            tell_of_mailbox(actor, "rename_mailbox", mailbox, {"before": old, "alias": keep_alias})
    return mailbox


def _domain_of(address: str, actor: Actor) -> Domain:
    """Return the domain of an address; one that the actor does not run is as if it were not there."""
    domain = Domain.objects.filter(name=address.rpartition("@")[2]).first()
    if domain is None or not allows(actor, Act.CREATE_MAILBOX, domain):
        raise ChangeRefused(
            "address", _("You run no domain %(name)s.") % {"name": domain_shown(address.rpartition("@")[2])}
        )
    return domain


def _lock_for_move(mailbox: Mailbox, target: Domain) -> Mailbox:
    numbers = {mailbox.domain_id, target.pk}
    domains = {
        domain.pk: domain
        for domain in Domain.objects.filter(pk__in=numbers).order_by("pk").select_for_update(no_key=True)
    }
    mailbox = _locked(mailbox)
    if mailbox.state == State.DELETED:
        raise ChangeRefused("", _("This is deleted. Undo that first."))
    if mailbox.domain_id != target.pk:
        chosen(domains[target.pk], mailbox.quota)
        make_room(domains[target.pk], mailbox.quota)
    return mailbox


def _move(mailbox: Mailbox, target: Domain, local: str, address: str, keep_alias: bool) -> None:
    old = mailbox.address
    User.objects.filter(pk=mailbox.user_id).update(address=address)
    mailbox.address = Address.objects.create(domain=target, local=local)
    mailbox.address_text, mailbox.domain = address, target
    mailbox.save(update_fields=["address", "address_text", "domain"])
    if old.domain_id != target.pk:
        labels.carry(mailbox, old.domain, target)
    if keep_alias:
        Alias.objects.create(address=old, mailbox=mailbox)
    else:
        old.delete()


def _put(mailbox: Mailbox, state: State, actor: Actor, reason: str, act: str) -> Mailbox:
    require(actor, Act.RULE_MAILBOX, mailbox)
    with change():
        _domain, mailbox = lock(mailbox)
        if states.put(mailbox, state, reason):
            tell_of_mailbox(actor, act, mailbox, {"reason": mailbox.state_reason} if reason else {})
            if state != State.ACTIVE:
                signals.sign_in_ended.send(Mailbox, domain=None, mailbox=mailbox.pk, device=None)
    return mailbox


def lock(mailbox: Mailbox) -> tuple[Domain, Mailbox]:
    """Return the mailbox's domain and the mailbox as they are now, both locked in the house's order."""
    domain = lock_domain(Mailbox.objects.select_related("domain").get(pk=mailbox.pk).domain)
    mailbox = _locked(mailbox)
    if mailbox.domain_id != domain.pk:
        raise ChangeRefused("", _("Somebody has just moved this mailbox to another domain. Try again."))
    return domain, mailbox


def _locked(mailbox: Mailbox) -> Mailbox:
    return Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
