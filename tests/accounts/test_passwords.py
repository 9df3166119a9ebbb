import pytest
from django.contrib.auth import hashers
from django.core.exceptions import ValidationError
from django.utils import translation

from controlpanel.accounts import passwords
from controlpanel.accounts.foreign_hashes import HashError
from controlpanel.accounts.models import User
from controlpanel.accounts.password_rules import Rules, strength, words_of

SSHA = "{SSHA}hLrfNmiMsMyIZ5YhLhRFzdRwmEbHW5sD"
CLAVE = "clave–ñandú 1"


def test_a_new_password_is_argon2id_at_19_mib_in_two_passes_and_one_lane() -> None:
    stored = passwords.make("correct horse")
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.check(stored, "correct horse") == passwords.Verdict(True)
    assert passwords.check(stored, "correct mule") == passwords.Verdict(False)
    assert hashers.check_password("correct horse", stored)


def test_argon2_of_other_costs_is_renewed_at_a_right_sign_in() -> None:
    class Django(passwords.Argon2PasswordHasher):
        pass

    stored = Django().encode("correct horse", "saltsaltsalt")
    verdict = passwords.check(stored, "correct horse")
    assert verdict.right
    assert verdict.replacement is not None
    assert passwords.check(verdict.replacement, "correct horse") == passwords.Verdict(True)
    assert passwords.check(stored, "wrong") == passwords.Verdict(False)


def test_a_foreign_hash_is_kept_as_it_came_and_replaced_by_argon2() -> None:
    stored = passwords.kept_as_it_came(f" {SSHA}\n")
    assert stored == f"foreign${SSHA}"
    assert passwords.check(stored, "wrong") == passwords.Verdict(False)
    verdict = passwords.check(stored, CLAVE)
    assert verdict.right
    assert verdict.replacement is not None
    assert verdict.replacement.startswith("argon2$argon2id$")
    assert passwords.check(verdict.replacement, CLAVE) == passwords.Verdict(True)
    assert hashers.check_password(CLAVE, stored)
    assert hashers.identify_hasher(stored).safe_summary(stored)["algorithm"] == "SSHA"


def test_what_is_no_hash_is_not_kept() -> None:
    with pytest.raises(HashError):
        passwords.kept_as_it_came("{PLAIN}secret")


@pytest.mark.parametrize("stored", [None, "!unset", "", "foreign${PLAIN}x", "foreign$"])
def test_where_nothing_can_be_right_nothing_is_and_it_costs_an_argon2(stored: str | None, monkeypatch) -> None:
    spent = []
    monkeypatch.setattr(passwords.Argon2, "verify", lambda self, secret, encoded: spent.append(secret))
    assert passwords.check(stored, "x") == passwords.Verdict(False)
    assert spent == ["x"]


def test_a_wrong_secret_for_a_foreign_hash_costs_an_argon2_too(monkeypatch) -> None:
    spent = []
    monkeypatch.setattr(passwords.Argon2, "verify", lambda self, secret, encoded: spent.append(secret))
    assert not passwords.check(f"foreign${SSHA}", "wrong").right
    assert spent == ["wrong"]


@pytest.mark.parametrize("secret", ["", "with\0nul", "x" * 5000])
def test_what_no_client_means_is_wrong_and_not_hashed_at_length(secret: str) -> None:
    assert not passwords.check(passwords.make(secret), secret).right


def test_a_password_typed_on_a_mac_opens_what_was_set_on_windows() -> None:
    composed, decomposed = "contrase\u00f1a de \u00e9l", "contrasen\u0303a de e\u0301l"
    assert passwords.check(passwords.make(decomposed), composed).right
    assert passwords.check(passwords.make(composed), decomposed).right
    assert passwords.check(passwords.make("uno\u00a0dos"), "uno dos").right
    assert not passwords.check(passwords.make("CLAVE"), "clave").right


def test_a_control_character_in_a_password_is_compared_too() -> None:
    assert passwords.check(passwords.make("tab\té"), "tab\te\u0301").right


def test_octets_of_old_clients_are_what_they_meant() -> None:
    assert passwords.text("contraseña".encode()) == "contraseña"
    assert passwords.text("contraseña".encode("latin-1")) == "contraseña"
    assert passwords.text(b"\x81\xff")


@pytest.mark.django_db
def test_a_user_checks_and_renews_without_ending_sessions() -> None:
    user = User.objects.create(address="ana@example.org", password=f"foreign${SSHA}")
    before = user.get_session_auth_hash()
    assert not user.check_password("wrong")
    assert user.check_password(CLAVE)
    assert user.password.startswith("argon2$")
    user.refresh_from_db()
    assert user.password.startswith("argon2$")
    assert user.get_session_auth_hash() == before
    assert user.check_password(CLAVE)


@pytest.mark.django_db
def test_a_renewed_hash_does_not_overwrite_a_password_changed_meanwhile() -> None:
    user = User.objects.create(address="ana@example.org", password=f"foreign${SSHA}")
    User.objects.filter(pk=user.pk).update(password=passwords.make("another one"))
    assert user.check_password(CLAVE)
    user.refresh_from_db()
    assert passwords.check(user.password, "another one").right


@pytest.mark.django_db
def test_a_changed_password_ends_sessions() -> None:
    user = User.objects.create_user("ana@example.org", "correct horse")
    before = user.get_session_auth_hash()
    user.set_password("another horse")
    assert user.get_session_auth_hash() != before


WEAK = {
    "": "Type a password",
    "corto": "at least 10 characters",
    "password1234": "most people use",
    "qwertyuiop": "",
    "ana.perez2024": "your name or address",
    "contraseña1": "common word",
    "bienvenido2026": "common word",
    "aaaaaaaaaaaaaa": "repeats",
    "abcdefghijklmn": "Sequences",
    "24121990": "Dates",
    "x" * 1025: "at most 1024",
    "correct\0horse battery": "NUL",
}


@pytest.mark.parametrize(("password", "sentence"), WEAK.items(), ids=lambda text: text[:12])
def test_a_weak_password_is_refused_with_what_is_wrong(password: str, sentence: str) -> None:
    user = User(address="ana.perez@example.org", name="Ana Pérez")
    with pytest.raises(ValidationError) as refused:
        Rules().validate(password, user)
    assert sentence in " ".join(refused.value.messages)
    assert len(refused.value.messages) == len(set(refused.value.messages))


@pytest.mark.parametrize(
    "password", ["tres tristes tigres", "zT7-woodle-32x", "correcto caballo grapa", "ñ" * 3 + "vlk-wq-zz8"]
)
def test_a_strong_password_is_taken(password: str) -> None:
    Rules().validate(password, User(address="ana.perez@example.org"))
    assert strength(password).enough


def test_the_owners_words_are_not_the_next_ones() -> None:
    words = words_of("carmelinda@saltamontes.example")
    assert strength("carmelinda77", words).score < strength("carmelinda77").score


def test_a_long_password_is_judged_quickly_by_its_beginning() -> None:
    assert strength("tres tristes tigres comen trigo " * 30).enough


def test_the_rules_say_what_they_want() -> None:
    with translation.override("en"):
        assert "ten characters" in Rules().get_help_text()
