"""Domains: made, limited, given policies, suspended, closed, deleted."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any, TypedDict, Unpack
from zoneinfo import available_timezones

from django.conf import settings as django_settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import domain_name
from controlpanel.journal import record
from controlpanel.mailboxes import octets, signals
from controlpanel.mailboxes.changes import states
from controlpanel.mailboxes.changes.leaving import leaving_can_be
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.rooms import allotted, lock_domain
from controlpanel.mailboxes.models import DAY, Domain, OverQuota, Separator, State
from controlpanel.mailboxes.rules import Act, require
from controlpanel.mailboxes.sending import MOST_A_DAY


class DomainSettings(TypedDict, total=False):
    """What may be set on a domain. The first three are limits: an operator's."""

    limit_mailboxes: int | None
    limit_octets: int | None
    largest_quota: int | None
    default_quota: int
    language: str
    time_zone: str
    restore_days: int
    over_quota: str
    separator: str
    warn_marks: list[int]
    exclusive_lock: bool
    login_delay: int
    expire_days: int | None
    daily_limit: int | None
    expire_unfetched: bool
    pop3_enabled: bool
    ascii_headers: bool
    second_factor_required: bool
    device_passwords_only: bool
    device_passwords_from: date | None
    plain_login_until: date | None
    old_tls_until: date | None
    leave_days: int | None
    forwarding: bool
    hold_spam: bool


MOST_MARKS = 5
LIMITS = frozenset({"limit_mailboxes", "limit_octets", "largest_quota"})


def create_domain(name: str, *, actor: Actor, **settings: Unpack[DomainSettings]) -> Domain:
    """Make a domain; `name` as people write it. Refused: name, and a setting by its own name."""
    require(actor, Act.CREATE_DOMAIN)
    with said_of("name"):
        domain = Domain(name=domain_name(name), **settings)
    _check(domain, settings)
    with change({"domain_name_taken": ("name", _("This domain is here already."))}):
        domain.save()
        record.activity(actor, "create_domain", domain_id=domain.pk, subject=domain.name, details=_plain(settings))
    return domain


def change_domain(domain: Domain, *, actor: Actor, **settings: Unpack[DomainSettings]) -> Domain:
    """Change what is named in `settings` and nothing else. Refused: the setting's own name."""
    require(actor, Act.LIMIT_DOMAIN if LIMITS & settings.keys() else Act.CHANGE_DOMAIN, domain)
    with change():
        domain = lock_domain(domain)
        before = {name: getattr(domain, name) for name in settings}
        differing = {name: value for name, value in settings.items() if value != before[name]}
        for name, value in differing.items():
            setattr(domain, name, value)
        _check(domain, differing)
        if differing:
            domain.save(update_fields=list(differing))
            _tell(
                actor,
                "change_domain",
                domain,
                _plain({name: [before[name], value] for name, value in differing.items()}),
            )
            if differing.get("pop3_enabled") is False:
                _end_sign_in(domain)
    return domain


def suspend_domain(domain: Domain, *, actor: Actor, reason: str = "") -> Domain:
    """Nobody signs in to its mailboxes; mail still arrives."""
    return _put(domain, State.SUSPENDED, actor, reason, "suspend_domain")


def close_domain(domain: Domain, *, actor: Actor, reason: str = "") -> Domain:
    """Nobody signs in, and mail is refused."""
    return _put(domain, State.CLOSED, actor, reason, "close_domain")


def reopen_domain(domain: Domain, *, actor: Actor) -> Domain:
    """End a suspension or a closure."""
    return _put(domain, State.ACTIVE, actor, "", "reopen_domain")


def delete_domain(domain: Domain, *, actor: Actor) -> Domain:
    """Mark the domain deleted; retention removes mail and mailboxes after the days of grace."""
    require(actor, Act.LIMIT_DOMAIN, domain)
    with change():
        domain = lock_domain(domain)
        if states.mark_deleted(domain):
            _tell(actor, "delete_domain", domain)
            _end_sign_in(domain)
    return domain


def undelete_domain(domain: Domain, *, actor: Actor) -> Domain:
    """Take the mark away: the domain is as it was before it was deleted."""
    require(actor, Act.LIMIT_DOMAIN, domain)
    with change():
        domain = lock_domain(domain)
        if states.unmark(domain):
            _tell(actor, "undelete_domain", domain)
    return domain


def _put(domain: Domain, state: State, actor: Actor, reason: str, act: str) -> Domain:
    require(actor, Act.LIMIT_DOMAIN, domain)
    with change():
        domain = lock_domain(domain)
        if states.put(domain, state, reason):
            _tell(actor, act, domain, {"reason": domain.state_reason} if reason else {})
            if state != State.ACTIVE:
                _end_sign_in(domain)
    return domain


def _end_sign_in(domain: Domain) -> None:
    signals.sign_in_ended.send(Domain, domain=domain.pk, mailbox=None, device=None)


def _tell(actor: Actor, act: str, domain: Domain, details: dict[str, Any] | None = None) -> None:
    record.activity(actor, act, domain_id=domain.pk, subject=domain.name, details=details)


def _plain(details: Any) -> dict[str, Any]:
    """Return details as JSON can hold them: days as texts."""
    plain: dict[str, Any] = json.loads(json.dumps(details, cls=DjangoJSONEncoder))
    return plain


def _check(domain: Domain, settings: Any) -> None:
    """Refuse a setting that cannot be, and a limit below what is already given."""
    for name in settings:
        if name in _CHECKS and not _CHECKS[name](getattr(domain, name)):
            raise ChangeRefused(name, _("This value cannot be chosen."))
    if domain.largest_quota is not None and domain.default_quota > domain.largest_quota:
        field = "default_quota" if "default_quota" in settings else "largest_quota"
        raise ChangeRefused(field, _("The default quota is larger than the largest quota."))
    if domain.pk is not None:
        _check_number(domain, settings)
        _check_given(domain, settings)


def _check_number(domain: Domain, settings: Any) -> None:
    if "limit_mailboxes" not in settings or domain.limit_mailboxes is None:
        return
    number = domain.mailboxes.exclude(state=State.DELETED).count()
    if number > domain.limit_mailboxes:
        raise ChangeRefused("limit_mailboxes", _("There are %(number)d mailboxes already.") % {"number": number})


def _check_given(domain: Domain, settings: Any) -> None:
    if "limit_octets" not in settings or domain.limit_octets is None:
        return
    if domain.mailboxes.exclude(state=State.DELETED).filter(quota=None).exists():
        raise ChangeRefused("limit_octets", _("There are mailboxes without a quota: give each one first."))
    given = allotted(domain)
    if given > domain.limit_octets:
        raise ChangeRefused(
            "limit_octets", _("%(given)s are given to mailboxes already.") % {"given": octets.shown(given)}
        )


def _rising_percents(marks: list[int]) -> bool:
    return marks == sorted(set(marks)) and len(marks) <= MOST_MARKS and all(1 <= mark <= 100 for mark in marks)


def _within(least: int, most: int) -> Callable[[int | None], bool]:
    return lambda value: value is None or least <= value <= most


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "limit_mailboxes": _within(0, 2**31 - 1),
    "limit_octets": _within(1, 2**60),
    "largest_quota": _within(1, octets.LARGEST),
    "default_quota": lambda value: value is not None and 1 <= value <= octets.LARGEST,
    "language": lambda value: value in dict(django_settings.LANGUAGES),
    "time_zone": lambda value: value in available_timezones(),
    "restore_days": _within(0, 365),
    "over_quota": lambda value: value in OverQuota.values,
    "separator": lambda value: value in Separator.values,
    "warn_marks": _rising_percents,
    "login_delay": _within(0, DAY),
    "expire_days": _within(1, 3650),
    "daily_limit": _within(0, MOST_A_DAY),
    "leave_days": leaving_can_be,
}
