"""Many mailboxes from one list: all or none."""

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import GIB, Domain, Mailbox, Usage
from controlpanel.mailboxes.people_lists import read
from controlpanel.mailstore.checking import check
from tests.store.changing import administrator, not_allowed, refused
from tests.store.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db

ELEVEN = "\n".join(f"Persona {number}, persona{number}" for number in range(11))


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org", default_quota=GIB)


def test_a_list_becomes_mailboxes_that_nobody_opens_yet(domain: Domain) -> None:
    made = changes.create_mailboxes(domain, read(ELEVEN, domain.name), actor=administrator(domain))
    assert [box.address_text for box in made] == [f"persona{number}@example.org" for number in range(11)]
    box = Mailbox.objects.get(address_text="persona3@example.org")
    assert (box.name, box.user.name, box.quota, box.address.local) == ("Persona 3", "Persona 3", GIB, "persona3")
    assert not box.user.has_usable_password()
    assert Usage.objects.filter(mailbox__in=made).count() == 11
    assert Activity.objects.filter(act="create_mailbox", mailbox_id__in=[box.pk for box in made]).count() == 11
    assert len({bytes(box.scram_salt) for box in made}) == 11
    assert not list(check())


def test_one_wrong_line_makes_nothing_and_says_which(domain: Domain) -> None:
    make_mailbox("ana@example.org")
    make_alias("info@example.org", make_mailbox("luis@example.org"))
    User.objects.create_user("jefa@example.org")
    people = read("ana\ninfo\njefa\nEva, eva\nsin coma", domain.name)
    before = Mailbox.objects.count()
    with pytest.raises(changes.ListRefused) as error:
        changes.create_mailboxes(domain, people, actor=SHELL)
    said = {each.line: str(each.sentence) for each in error.value.people if each.sentence}
    assert said == {
        1: "Somebody signs in with this address already.",
        2: "This address is taken.",
        3: "Somebody signs in with this address already.",
        5: str(people[4].sentence),
    }
    assert Mailbox.objects.count() == before
    assert not Activity.objects.filter(act="create_mailbox").exists()


def test_the_whole_list_must_fit(domain: Domain) -> None:
    people = read("ana\nluis\neva", domain.name)
    Domain.objects.update(limit_mailboxes=2)
    domain.refresh_from_db()
    with refused("", "This domain has room for 2 more mailboxes."):
        changes.create_mailboxes(domain, people, actor=SHELL)
    Domain.objects.update(limit_mailboxes=None, limit_octets=5 * GIB // 2)
    domain.refresh_from_db()
    with refused("quota", "This domain has 2.5 GB left to give."):
        changes.create_mailboxes(domain, people, actor=SHELL)
    assert len(changes.create_mailboxes(domain, people, actor=SHELL, quota=GIB // 2)) == 3


def test_a_list_is_not_empty_and_not_endless(domain: Domain) -> None:
    with refused("people", "at least one line"):
        changes.create_mailboxes(domain, [], actor=SHELL)
    with refused("people", "at most 100 lines"):
        changes.create_mailboxes(domain, read("\n".join(f"p{n}" for n in range(101)), domain.name), actor=SHELL)
    with refused("people", "at most 100 lines"):
        changes.check_list(domain, read("\n".join(f"p{n}" for n in range(101)), domain.name), actor=SHELL)


def test_a_list_is_for_who_runs_the_domain(domain: Domain) -> None:
    other = administrator(make_domain("other.example"))
    with not_allowed():
        changes.check_list(domain, read("ana", domain.name), actor=other)
    with not_allowed():
        changes.create_mailboxes(domain, read("ana", domain.name), actor=other)
