"""Many mailboxes from a list of people: all of them or none, each to be opened by an invitation."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical
from controlpanel.accounts.models import User
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.changes.mailboxes import NAME_LENGTH
from controlpanel.mailboxes.changes.refused import ChangeRefused, Sentence, change, said_of, text
from controlpanel.mailboxes.changes.rooms import DEFAULT, Quota, chosen, lock_domain, make_room
from controlpanel.mailboxes.changes.taken import taken
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Address, Domain, Mailbox, Usage
from controlpanel.mailboxes.people_lists import MOST_LINES, Listed
from controlpanel.mailboxes.rules import Act, require


class ListRefused(ChangeRefused):
    """Nothing was made. `people` say line by line why, `sentence` what stands against the list as a whole."""

    def __init__(self, people: list[Listed], field: str = "", sentence: Sentence = "") -> None:
        super().__init__(field, sentence or _("Some lines cannot become mailboxes. Nothing was made."))
        self.people = people


def check_list(domain: Domain, people: Sequence[Listed], *, actor: Actor, quota: Quota = DEFAULT) -> list[Listed]:
    """Return the people with a sentence on each line that makes no mailbox now. Raises ListRefused for the whole."""
    require(actor, Act.CREATE_MAILBOX, domain)
    if not people:
        raise ChangeRefused("people", _("Write at least one line."))
    if len(people) > MOST_LINES:
        raise ChangeRefused("people", _("A list has at most %d lines. Take the rest in a second one.") % MOST_LINES)
    checked = _free([_named(each) for each in people], domain)
    wanted = [each for each in checked if not each.sentence]
    try:
        if wanted:
            make_room(domain, chosen(domain, quota), places=len(wanted))
    except ChangeRefused as refused:
        raise ListRefused(checked, refused.field, refused.sentence) from None
    return checked


def create_mailboxes(
    domain: Domain, people: Sequence[Listed], *, actor: Actor, quota: Quota = DEFAULT
) -> list[Mailbox]:
    """Make a mailbox for each of the people, in their order, without passwords. Refused: ListRefused, people, quota."""
    with change(taken("people")):
        domain = lock_domain(domain)
        checked = check_list(domain, people, actor=actor, quota=quota)
        if any(each.sentence for each in checked):
            raise ListRefused(checked)
        given = chosen(domain, quota)
        users = User.objects.bulk_create(_user(each, domain) for each in checked)
        locals_ = Address.objects.bulk_create(Address(domain=domain, local=each.local) for each in checked)
        made = Mailbox.objects.bulk_create(
            Mailbox(
                user=user,
                domain=domain,
                address=address,
                address_text=user.address,
                name=user.name,
                quota=given,
                scram_salt=device_passwords.new_salt(),
            )
            for user, address in zip(users, locals_, strict=True)
        )
        Usage.objects.bulk_create(Usage(mailbox=mailbox) for mailbox in made)
        _tell(actor, made, given)
    return made


def _named(each: Listed) -> Listed:
    try:
        return replace(each, name=text("name", each.name, NAME_LENGTH))
    except ChangeRefused as refused:
        return replace(each, sentence=each.sentence or refused.sentence)


def _free(people: Sequence[Listed], domain: Domain) -> list[Listed]:
    locals_ = [each.local for each in people if each.local]
    here = set(Address.objects.filter(domain=domain, local__in=locals_).values_list("local", flat=True))
    addresses = [f"{local}@{domain.name}" for local in locals_]
    sign_in = set(User.objects.filter(address__in=addresses).values_list("address", flat=True))
    return [_unless_taken(each, here, sign_in, domain) for each in people]


def _unless_taken(each: Listed, here: Iterable[str], sign_in: Iterable[str], domain: Domain) -> Listed:
    if each.sentence:
        return each
    address = f"{each.local}@{domain.name}"
    try:
        with said_of("people"):
            canonical(address)
    except ChangeRefused as refused:
        return replace(each, sentence=refused.sentence)
    if address in sign_in:
        return replace(each, sentence=_("Somebody signs in with this address already."))
    return replace(each, sentence=_("This address is taken.")) if each.local in here else each


def _user(each: Listed, domain: Domain) -> User:
    return User(
        address=f"{each.local}@{domain.name}",
        name=each.name,
        password=make_password(None),
        password_changed=timezone.now(),
    )


def _tell(actor: Actor, made: Sequence[Mailbox], quota: int | None) -> None:
    for mailbox in made:
        tell_of_mailbox(actor, "create_mailbox", mailbox, {"quota": quota})
