"""Through the panel's doors: passwords, second factors, what is said to whom, and what it costs a guesser."""

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.auth import authenticate
from django.test import Client

from controlpanel.accounts import passwords, throttle
from controlpanel.accounts.allauth_adapter import Adapter
from controlpanel.accounts.models import KnownNetwork, Throttle, User
from controlpanel.journal.models import Attempt
from controlpanel.mailboxes.authentication import PanelBackend
from controlpanel.mailboxes.models import Domain, Mailbox
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db

SECRET = "tres tristes tigres"
SIGN_IN = "/sign-in/"
CODE = "/account/second-factor/authenticate/"
LANGUAGE = {"headers": {"accept-language": "en"}}


@pytest.fixture(autouse=True)
def _plain_static_files(settings) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


def browser() -> Client:
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def client() -> Client:
    return browser()


@pytest.fixture
def ana() -> User:
    user = make_mailbox("ana@example.org").user
    user.set_password(SECRET)
    user.save()
    return user


def sign_in(client: Client, address: str = "ana@example.org", password: str = SECRET, **where: Any) -> Any:
    return client.post(SIGN_IN, {"login": address, "password": password}, **LANGUAGE, **where)


def signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def said(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(message for errors in response.context["form"].errors.values() for message in errors)


@pytest.mark.parametrize("address", ["ana@example.org", " ANA@Example.ORG", "\uff41na@example.org"])
def test_an_address_in_any_spelling_and_its_password_sign_in(client: Client, ana: User, address: str) -> None:
    response = sign_in(client, address)
    assert response.status_code == 302
    assert signed_in(client) == str(ana.pk)
    assert KnownNetwork.objects.get().network == "127.0.0.1"
    assert UserSession.objects.get().user == ana


def test_an_international_address_signs_in_in_either_form(client: Client) -> None:
    user = make_mailbox("jos\u00e9@xn--mnchen-3ya.example").user
    user.set_password(SECRET)
    user.save()
    assert sign_in(client, "JOSE\u0301@m\u00fcnchen.example").status_code == 302
    assert signed_in(client) == str(user.pk)


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("ana@example.org", "wrong"),
        ("nobody@example.org", SECRET),
        ("no address", SECRET),
        ("ana@example.org", SECRET + " "),
    ],
)
def test_a_wrong_password_and_an_unknown_address_are_one_sentence(
    client: Client, ana: User, address: str, password: str
) -> None:
    assert said(sign_in(client, address, password)) == "The address or the password is wrong."
    assert signed_in(client) is None


def test_allauth_keeps_no_second_list_of_addresses(client: Client, ana: User) -> None:
    sign_in(client)
    client.get("/account/second-factor/", **LANGUAGE)
    assert not EmailAddress.objects.exists()


def test_nobody_signs_up_and_no_mail_of_allauth_goes_out(client: Client, ana: User, mailoutbox: list[Any]) -> None:
    sign_in(client)
    for path in ("/accounts/signup/", "/signup/", "/account/email/", "/account/password/reset/"):
        assert client.get(path).status_code == 404
    assert mailoutbox == []


def test_django_itself_may_ask_too(ana: User) -> None:
    assert authenticate(None, username="ANA@example.org", password=SECRET) == ana
    assert authenticate(None, username="ana@example.org", password="wrong") is None
    assert authenticate(None, username="ana@example.org") is None


@pytest.mark.parametrize(
    ("what", "state", "sentence"),
    [
        (Mailbox, "suspended", "This mailbox is suspended. Mail still arrives. Unpaid."),
        (Mailbox, "closed", "This mailbox is closed. Unpaid."),
        (Mailbox, "deleted", "This mailbox is deleted. Unpaid."),
        (Domain, "suspended", "This mailbox is suspended. Mail still arrives. Unpaid."),
        (Domain, "deleted", "This mailbox is deleted. Unpaid."),
    ],
)
def test_suspended_says_so_after_a_right_password_only(
    client: Client, ana: User, what: Any, state: str, sentence: str
) -> None:
    what.objects.update(state=state, state_reason="Unpaid.")
    assert said(sign_in(client, password="wrong")) == "The address or the password is wrong."
    assert said(sign_in(client)) == sentence
    assert signed_in(client) is None


def test_a_suspension_ends_the_session_at_the_next_page(client: Client, ana: User) -> None:
    sign_in(client)
    Mailbox.objects.update(state="suspended")
    response = client.get("/account/second-factor/")
    assert response.status_code == 302
    assert response.url.startswith(SIGN_IN)


def test_whose_session_it_is_takes_one_query(ana: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        user = PanelBackend().get_user(ana.pk)
        assert user is not None
        assert user.mailbox.domain.name == "example.org"
    outsider = User.objects.create_user("eva@elsewhere.example")
    with django_assert_num_queries(1):
        assert PanelBackend().get_user(outsider.pk) == outsider


def test_a_user_who_is_not_active_is_suspended(client: Client, ana: User) -> None:
    User.objects.update(is_active=False)
    assert said(sign_in(client)) == "This account is suspended."


def test_an_operator_comes_in_whatever_is_done_to_their_mailbox(client: Client, ana: User) -> None:
    User.objects.update(is_operator=True)
    Mailbox.objects.update(state="suspended")
    assert sign_in(client).status_code == 302


def test_a_guesser_is_slowed_and_told_how_long(client: Client, ana: User) -> None:
    for number in range(throttle.SLOPES["pair"].free + 3):
        sign_in(client, password=f"guess {number}")
    response = sign_in(client)
    assert "Too many wrong passwords. Try again in" in said(response)
    assert signed_in(client) is None
    assert sign_in(client, REMOTE_ADDR="198.51.100.9").status_code == 302


def test_the_panel_and_mail_count_in_one_table(client: Client, ana: User) -> None:
    throttle.record_failures(
        [throttle.attempt("127.0.0.1", "ana@example.org", f"guess {number}") for number in range(20)]
    )
    assert "Try again in 15 minutes" in said(sign_in(client))


def test_refused_sign_ins_are_told_to_the_owner(client: Client, ana: User) -> None:
    sign_in(client, password="wrong")
    sign_in(client, "nobody@example.org", "wrong")
    attempt = Attempt.objects.get()
    assert (attempt.mailbox_id, attempt.protocol, attempt.outcome) == (ana.mailbox.pk, "panel", "wrong")
    assert attempt.address == "127.0.0.1"


def test_an_old_hash_is_renewed_and_the_session_stays(client: Client, ana: User) -> None:
    class Django(passwords.Argon2PasswordHasher):
        pass

    User.objects.update(password=Django().encode(SECRET, "saltsaltsalt"))
    assert sign_in(client).status_code == 302
    ana.refresh_from_db()
    assert ",t=2,p=1$" in ana.password
    assert client.get("/account/second-factor/").status_code == 200


# A second factor


@pytest.fixture
def seed(ana: User) -> str:
    seed = totp.generate_totp_secret()
    totp.TOTP.activate(ana, seed)
    return seed


def code_of(seed: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(seed, int(time.time()) // 30))


def wrong_codes(seed: str, number: int) -> list[str]:
    near = {totp.format_hotp_value(totp.hotp_value(seed, int(time.time()) // 30 + step)) for step in range(-5, 6)}
    return [code for code in (f"{n:06}" for n in range(number + 11)) if code not in near][:number]


def test_a_code_is_asked_where_a_second_factor_is_set_up(client: Client, ana: User, seed: str) -> None:
    response = sign_in(client)
    assert (response.status_code, response.url) == (302, CODE)
    assert signed_in(client) is None
    assert not KnownNetwork.objects.exists()
    response = client.post(CODE, {"code": code_of(seed)}, **LANGUAGE)
    assert response.status_code == 302
    assert signed_in(client) == str(ana.pk)
    assert KnownNetwork.objects.get().user == ana


def test_a_code_is_taken_once(client: Client, ana: User, seed: str) -> None:
    code = code_of(seed)
    sign_in(client)
    client.post(CODE, {"code": code})
    again = browser()
    sign_in(again)
    assert said(again.post(CODE, {"code": code}, **LANGUAGE)) == "This code is wrong, or its time is over."
    assert signed_in(again) is None


def test_codes_are_guessed_as_slowly_as_passwords(client: Client, ana: User, seed: str) -> None:
    sign_in(client)
    answers = [said(client.post(CODE, {"code": guess}, **LANGUAGE)) for guess in wrong_codes(seed, 7)]
    assert answers[0] == "This code is wrong, or its time is over."
    assert "Try again in" in answers[-1]
    assert "Try again in" in said(client.post(CODE, {"code": code_of(seed)}, **LANGUAGE))
    assert Throttle.objects.get(pk="pair:127.0.0.1 ana@example.org").failures >= 5


def test_a_recovery_code_signs_in(client: Client, ana: User, seed: str) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    codes = RecoveryCodes.activate(ana).get_unused_codes()
    sign_in(client)
    assert client.post(CODE, {"code": codes[0]}).status_code == 302
    assert signed_in(client) == str(ana.pk)


def test_recovery_codes_alone_ask_for_nothing(client: Client, ana: User) -> None:
    Authenticator.objects.create(user=ana, type="recovery_codes", data={})
    sign_in(client)
    assert signed_in(client) == str(ana.pk)


def test_before_a_second_factor_changes_the_password_is_asked_again(client: Client, ana: User) -> None:
    sign_in(client)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    response = client.get("/account/second-factor/totp/activate/")
    assert response.status_code == 302
    assert response.url.startswith("/sign-in/again/")
    answer = client.post("/sign-in/again/", {"password": "wrong"}, **LANGUAGE)
    assert said(answer) == "This is not your password."
    again = client.post("/sign-in/again/?next=/account/second-factor/totp/activate/", {"password": SECRET})
    assert again.status_code == 302
    assert client.get("/account/second-factor/totp/activate/").status_code == 200


def test_a_password_asked_again_is_slowed_too(client: Client, ana: User) -> None:
    sign_in(client)
    answers = [said(client.post("/sign-in/again/", {"password": f"guess {number}"}, **LANGUAGE)) for number in range(8)]
    assert "Try again in" in answers[-1]
    assert signed_in(client) == str(ana.pk)


@pytest.mark.parametrize(("state", "let_in"), [("active", True), ("suspended", False), ("closed", False)])
def test_who_comes_by_a_passkey_is_stopped_by_the_same_obstacle(ana: User, rf: Any, state: str, let_in: bool) -> None:
    Mailbox.objects.update(state=state)
    request = rf.get("/")
    request.session = {}
    hooks = dict.fromkeys(("email_verification", "signal_kwargs", "email", "signup", "redirect_url"))
    response = Adapter(request).pre_login(request, User.objects.get(pk=ana.pk), **hooks)
    assert (response is None) is let_in
    if response is not None:
        assert response.headers["Location"] == "/sign-in/inactive/"
    assert User.objects.get(pk=ana.pk).is_active
