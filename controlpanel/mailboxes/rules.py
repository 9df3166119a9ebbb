"""Who may do what: one table, read by pages, by changes.py and by the API.

An operator may all but read mail. An administrator runs some domains, within limits that an operator sets. An owner has
their own mailbox and those that an Access opens. Nobody touches the password, address, second factor, link, mailbox or
sign-in of a User whose rights are wider than their own (`covers`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Access, Domain, Mailbox, State

Subject = Domain | Mailbox | User | None
Person = User | AnonymousUser


class Act(StrEnum):
    """What somebody may do, and to what: the name says the object."""

    CREATE_DOMAIN = "create_domain"  # None
    SEE_DOMAIN = "see_domain"  # Domain
    CHANGE_DOMAIN = "change_domain"  # Domain: name people read, policies, default quota
    LIMIT_DOMAIN = "limit_domain"  # Domain: limits, administrators, state, deletion
    CREATE_MAILBOX = "create_mailbox"  # Domain
    CHANGE_ALIASES = "change_aliases"  # Domain
    SEE_MAILBOX = "see_mailbox"  # Mailbox: that it is there, its usage, state and sessions
    CHANGE_MAILBOX = "change_mailbox"  # Mailbox: name, quota, note
    RULE_MAILBOX = "rule_mailbox"  # Mailbox: password, address, state, deletion, access of others
    CHANGE_FORWARDING = "change_forwarding"  # Mailbox: where its mail goes on to, and what answers it
    SET_UP_MAILBOX = "set_up_mailbox"  # Mailbox: how its mail clients are set up, without secrets
    LOOK_AS_OWNER = "look_as_owner"  # Mailbox: its owner's pages without the mail, for a while, recorded
    OPEN_MAILBOX = "open_mailbox"  # Mailbox: its messages, removed ones too
    RECORD_DIALOGUE = "record_dialogue"  # Mailbox: what mail clients and the service say, without content
    MAKE_DEVICE_PASSWORD = "make_device_password"  # Mailbox
    REVOKE_DEVICE_PASSWORD = "revoke_device_password"  # Mailbox
    RULE_USER = "rule_user"  # User: password, second factor, invitation, sessions
    CHANGE_OWN = "change_own"  # User: their own password, name, language, theme
    RUN_SERVICE = "run_service"  # None: operators, throttle, jobs, certificates


@dataclass(frozen=True, slots=True)
class Rights:
    """What a User holds: by number, so that rules ask no database."""

    user: int
    operator: bool = False
    domains: frozenset[int] = frozenset()  # those they administer
    mailboxes: frozenset[int] = frozenset()  # their own and those an Access opens
    reached: frozenset[int] = frozenset()  # the domains of those an Access opens

    def covers(self, other: "Rights") -> bool:
        """Whether `other` has no right that is missing here: runs no further domain, and opens no mail in one."""
        return self.operator or (not other.operator and other.domains | other.reached <= self.domains)


class NotAllowed(PermissionDenied):
    """The actor may not do this to this object; a page answers as if the object were not there."""


def rights(user: User) -> Rights:
    """Read the rights of `user` from the database."""
    accesses = Access.objects.filter(user=OuterRef("pk"))
    row = (
        User.objects.filter(pk=user.pk)
        .values_list(
            "is_operator",
            ArraySubquery(Domain.administrators.through.objects.filter(user=OuterRef("pk")).values("domain_id")),
            ArraySubquery(accesses.values("mailbox_id")),
            ArraySubquery(accesses.values("mailbox__domain_id")),
            "mailbox__pk",
        )
        .get()
    )
    operator, domains, opened, reached, own = row
    mailboxes = frozenset(opened) | ({own} if own else set())
    return Rights(user.pk, operator, frozenset(domains), mailboxes, frozenset(reached))


def remembered_rights(user: User) -> Rights:
    """Return the rights of `user`, read once for this instance: for pages, where it lives as long as the request."""
    kept = user.__dict__.get("_rights")
    if not isinstance(kept, Rights):
        kept = user.__dict__["_rights"] = rights(user)
    return kept


def runs_any(held: Rights) -> bool:
    """Whether there is a domain that they run: an operator runs those to come, too."""
    return held.operator or bool(held.domains)


def may(user: Person, act: Act, subject: Subject = None) -> bool:
    """Whether `user` may do `act` to `subject`, whose kind is the one that stands beside the act."""
    return isinstance(user, User) and user.is_active and _RULES[act](remembered_rights(user), subject)


def require(actor: Actor, act: Act, subject: Subject = None) -> None:
    """Raise NotAllowed unless `actor` may; what they hold is read anew. The shell may all."""
    if not allows(actor, act, subject):
        raise NotAllowed(act)


def allows(actor: Actor, act: Act, subject: Subject = None) -> bool:
    """Whether `actor` may; what they hold is read anew. The shell may all."""
    return actor.user is None or _RULES[act](rights(actor.user), subject)


def may_meet(actor: Actor, user: User) -> bool:
    """Whether the actor may know that this User is there: who shares a domain that they run, or one in it."""
    if actor.user is None:
        return True
    held = rights(actor.user)
    if held.operator or user.domains.filter(pk__in=held.domains).exists():
        return True
    return Mailbox.objects.filter(user=user, domain__in=held.domains).exclude(state=State.DELETED).exists()


def visible_domains(user: Person) -> QuerySet[Domain]:
    """The domains that `user` may see: an operator all, an administrator theirs while they are not deleted."""
    if not isinstance(user, User):
        return Domain.objects.none()
    held = remembered_rights(user)
    if held.operator:
        return Domain.objects.all()
    return Domain.objects.filter(pk__in=held.domains).exclude(state=State.DELETED)


def visible_mailboxes(user: Person) -> QuerySet[Mailbox]:
    """The mailboxes that `user` may see: an operator all, an administrator their domains', an owner their own."""
    if not isinstance(user, User):
        return Mailbox.objects.none()
    held = remembered_rights(user)
    if held.operator:
        return Mailbox.objects.all()
    administered = Q(domain__in=held.domains) & ~Q(domain__state=State.DELETED)
    return Mailbox.objects.filter(administered | _opened(held))


def opened_mailboxes(user: Person) -> QuerySet[Mailbox]:
    """The mailboxes whose mail `user` may read: their own and those that an Access opens, while they are in use."""
    if not isinstance(user, User):
        return Mailbox.objects.none()
    return Mailbox.objects.filter(_opened(remembered_rights(user)))


def owned_beyond(user: Person) -> Q:
    """Which of the mailboxes that `user` may see belong to somebody whose rights are wider: as `covers`, for many."""
    held = remembered_rights(user) if isinstance(user, User) else Rights(0)
    if held.operator:
        return Q(pk__in=())
    theirs = Domain.administrators.through.objects.filter(user=OuterRef("user")).exclude(domain__in=held.domains)
    reached = Access.objects.filter(user=OuterRef("user")).exclude(mailbox__domain__in=held.domains)
    return Q(user__is_operator=True) | Q(Exists(theirs)) | Q(Exists(reached))


def _opened(held: Rights) -> Q:
    return Q(pk__in=held.mailboxes, state=State.ACTIVE, domain__state=State.ACTIVE)


Rule = Callable[[Rights, Subject], bool]


def _operator(held: Rights, subject: Subject) -> bool:
    return held.operator


def _administers(held: Rights, subject: Subject) -> bool:
    """Of a domain that is not deleted, or of a mailbox in it. A deleted domain is an operator's."""
    if held.operator:
        return isinstance(subject, Domain | Mailbox)
    domain = subject.domain if isinstance(subject, Mailbox) else subject
    return isinstance(domain, Domain) and domain.pk in held.domains and domain.state != State.DELETED


def _opens(held: Rights, subject: Subject) -> bool:
    """While its owner may sign in: who has an Access does no more than the owner could."""
    if not isinstance(subject, Mailbox) or subject.pk not in held.mailboxes:
        return False
    return subject.state == State.ACTIVE and subject.domain.state == State.ACTIVE


def _looks(held: Rights, subject: Subject) -> bool:
    return held.operator and isinstance(subject, Mailbox) and subject.state != State.DELETED


def _sees(held: Rights, subject: Subject) -> bool:
    return _administers(held, subject) or _opens(held, subject)


def _rules_mailbox(held: Rights, subject: Subject) -> bool:
    """Of a mailbox in their domains, whose owner has no wider rights."""
    return isinstance(subject, Mailbox) and _administers(held, subject) and held.covers(rights(subject.user))


def _opens_or_rules(held: Rights, subject: Subject) -> bool:
    return _opens(held, subject) or _rules_mailbox(held, subject)


def _rules_user(held: Rights, subject: Subject) -> bool:
    """Of the owner of such a mailbox; who has none is an operator's affair."""
    if not isinstance(subject, User):
        return False
    mailbox = Mailbox.objects.filter(user=subject).first()
    return held.operator or (mailbox is not None and _rules_mailbox(held, mailbox))


def _is_self(held: Rights, subject: Subject) -> bool:
    return isinstance(subject, User) and subject.pk == held.user


_RULES: dict[Act, Rule] = {
    Act.CREATE_DOMAIN: _operator,
    Act.SEE_DOMAIN: _administers,
    Act.CHANGE_DOMAIN: _administers,
    Act.LIMIT_DOMAIN: _operator,
    Act.CREATE_MAILBOX: _administers,
    Act.CHANGE_ALIASES: _administers,
    Act.SEE_MAILBOX: _sees,
    Act.CHANGE_MAILBOX: _administers,
    Act.RULE_MAILBOX: _rules_mailbox,
    Act.CHANGE_FORWARDING: _opens_or_rules,
    Act.SET_UP_MAILBOX: _sees,
    Act.LOOK_AS_OWNER: _looks,
    Act.OPEN_MAILBOX: _opens,
    Act.RECORD_DIALOGUE: _opens_or_rules,
    Act.MAKE_DEVICE_PASSWORD: _opens,
    Act.REVOKE_DEVICE_PASSWORD: _opens_or_rules,
    Act.RULE_USER: _rules_user,
    Act.CHANGE_OWN: _is_self,
    Act.RUN_SERVICE: _operator,
}
