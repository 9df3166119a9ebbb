"""A second factor that is required by role or by domain is set up at the next sign-in, before anything else."""

from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Domain
from tests.panel.conftest import People
from tests.store.changing import acting

NEEDED = "/account/second-factor-needed/"


def led_there(people: People, role: str) -> bool:
    return bool(people.client(role).get("/account/").get("Location") == NEEDED)


@pytest.mark.parametrize(
    ("roles", "whom"),
    [
        (set(), set()),
        ({"operators"}, {"operator"}),
        ({"administrators"}, {"administrator", "other_administrator"}),
        ({"owners"}, {"owner", "other_owner"}),
    ],
)
def test_it_is_required_by_role(people: People, settings: Any, roles: set[str], whom: set[str]) -> None:
    settings.SECOND_FACTOR_FOR = frozenset(roles)
    everybody = ("operator", "administrator", "other_administrator", "owner", "other_owner")
    assert {role for role in everybody if led_there(people, role)} == whom


def test_it_is_required_by_domain(people: People) -> None:
    changes.change_domain(people.domain, actor=acting(people.administrator), second_factor_required=True)
    assert led_there(people, "owner")
    assert not led_there(people, "other_owner")
    assert not led_there(people, "administrator")


def test_the_page_leads_through_and_then_all_is_open(people: People) -> None:
    Domain.objects.update(second_factor_required=True)
    client = people.client("owner")
    page = client.get(NEEDED).text
    assert "/account/second-factor/totp/activate/" in page
    assert "A second factor is required of you" in page
    assert client.get("/account/second-factor/").status_code == 200
    assert client.post(f"/mail/{people.mailbox.pk}/devices/", {"name": "x"})["Location"] == NEEDED
    Authenticator.objects.create(user=people.owner, type="recovery_codes", data={})
    assert client.get("/account/")["Location"] == NEEDED
    Authenticator.objects.create(user=people.owner, type="totp", data={})
    assert client.get("/account/").status_code == 200
    assert client.get(NEEDED)["Location"] == "/account/second-factor/"


def test_who_is_signed_in_is_asked_at_the_next_sign_in(people: People) -> None:
    client = people.client("owner")
    assert client.get("/account/").status_code == 200
    Domain.objects.update(second_factor_required=True)
    assert client.get("/account/").status_code == 200
    assert led_there(people, "owner")


def test_the_last_factor_of_who_needs_one_stays(people: People) -> None:
    code = Authenticator.objects.create(user=people.owner, type="totp", data={})
    assert get_adapter().can_delete_authenticator(code)
    Domain.objects.update(second_factor_required=True)
    assert not get_adapter().can_delete_authenticator(code)
    Authenticator.objects.create(user=people.owner, type="recovery_codes", data={})
    assert not get_adapter().can_delete_authenticator(code)
    Authenticator.objects.create(user=people.owner, type="webauthn", data={})
    assert get_adapter().can_delete_authenticator(code)
