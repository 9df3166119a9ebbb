"""What a domain enters for its set-up, in the forms in which people paste it."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.accounts.actor import SHELL, Actor
from controlpanel.clientsetup.changes import change_setup, dkim_value
from controlpanel.clientsetup.models import DomainSetup
from controlpanel.clientsetup.publishing import records_of
from controlpanel.clientsetup.selftest.records import joined
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.changes import ChangeRefused
from controlpanel.mailboxes.rules import NotAllowed
from tests.clientsetup.conftest import People

KEY = base64.b64encode(os.urandom(294)).decode()
WHOLE = f"v=DKIM1; k=rsa; p={KEY}"
PASTED = [
    KEY,
    f"  {KEY}\n",
    WHOLE,
    f"v=DKIM1;k=rsa;p={KEY}",
    f"v=DKIM1; k=rsa; p={KEY}; t=s",
    f'( "v=DKIM1; k=rsa; "\n\t"p={KEY[:200]}"\n\t"{KEY[200:]}" )',
    "\n".join(KEY[start : start + 64] for start in range(0, len(KEY), 64)),
]


@pytest.mark.parametrize("pasted", PASTED)
def test_a_dkim_key_is_read_as_people_paste_it(pasted: str) -> None:
    assert dkim_value(pasted) == WHOLE


def test_an_ed25519_key_keeps_its_kind() -> None:
    key = base64.b64encode(bytes(32)).decode()
    assert dkim_value(f"v=DKIM1; k=ed25519; p={key}") == f"v=DKIM1; k=ed25519; p={key}"


@pytest.mark.parametrize("wrong", ["no key", "v=DKIM1; p=", f"v=DKIM2; p={KEY}", "p=ñandú", KEY * 4, "-----BEGIN-----"])
def test_what_is_no_key_is_refused(wrong: str) -> None:
    with pytest.raises(ChangeRefused) as refused:
        dkim_value(wrong)
    assert refused.value.field == "dkim_key"


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = dkim_value(text)
    except ChangeRefused:
        return
    assert value == "" or value.startswith("v=DKIM1; k=")
    assert dkim_value(value) == value


@pytest.mark.django_db
def test_the_key_is_listed_under_its_selector(people: People) -> None:
    change_setup(people.domain, actor=SHELL, dkim_selector="Mail", dkim_key=KEY)
    [record] = [each for each in records_of(people.domain) if "_domainkey" in each.name]
    assert record.name == "mail._domainkey.papelera.example"
    assert joined(record.value) == WHOLE
    assert Activity.objects.filter(act="change_setup", domain_id=people.domain.pk).count() == 1


@pytest.mark.django_db
def test_nobody_changes_anothers_set_up(people: People) -> None:
    with pytest.raises(NotAllowed):
        change_setup(people.domain, actor=Actor(people.other_administrator), name="x")
    assert not DomainSetup.objects.exists()
