import pytest

from controlpanel.accounts import throttle
from controlpanel.mailboxes import changes
from tests.store.changing import HOME, administrator, not_allowed, operator, told
from tests.store.factories import make_domain

pytestmark = pytest.mark.django_db


def test_an_operator_lets_off_who_is_slowed() -> None:
    throttle.record_failures([throttle.attempt(HOME, "ana@example.org", f"guess {n}") for n in range(12)])
    [pair, *_rest] = throttle.slowed()
    with not_allowed():
        changes.clear_slowed(pair.key, actor=administrator(make_domain("example.org")))
    actor = operator()
    assert changes.clear_slowed(pair.key, actor=actor)
    assert told("clear_slowed").subject == f"pair:{HOME} ana@example.org"
    assert pair.key not in {each.key for each in throttle.slowed()}
    assert not changes.clear_slowed(pair.key, actor=actor)
