import base64
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.device_passwords import LETTERS, generate, keys, matching, read, well_formed


def test_it_is_ascii_in_groups_of_four_with_130_random_bits() -> None:
    made = {generate() for _ in range(200)}
    assert len(made) == 200
    for secret in made:
        groups = secret.split("-")
        assert [len(group) for group in groups] == [4] * 7
        assert set("".join(groups)) <= set(LETTERS)
        assert read(secret) == secret
    assert len(LETTERS) ** device_passwords.RANDOM_LETTERS == 2**130
    assert not set("0189") & set(LETTERS)


secrets = st.text(st.sampled_from(LETTERS), min_size=26, max_size=26).map(
    lambda letters: device_passwords._grouped(letters + device_passwords._check(letters))
)


@given(secrets, st.integers(0, 27), st.sampled_from(LETTERS))
def test_it_is_read_however_it_is_typed(secret: str, place: int, letter: str) -> None:
    plain = secret.replace("-", "")
    assert read(plain) == read(plain.upper()) == read(secret.replace("-", " ")) == read(f" {secret}\n") == secret
    misread = plain.replace("o", "0").replace("l", "1").replace("b", "8")
    assert read(misread) == secret
    changed = plain[:place] + letter + plain[place + 1 :]
    assert read(changed) in (None, device_passwords._grouped(changed))


def test_one_wrong_letter_is_nearly_always_noticed() -> None:
    noticed = 0
    for _ in range(300):
        plain = generate().replace("-", "")
        wrong = LETTERS[(LETTERS.index(plain[5]) + 7) % 32]
        noticed += read(plain[:5] + wrong + plain[6:]) is None
    assert noticed >= 295


@given(st.text(max_size=70))
def test_what_people_make_up_is_none(text: str) -> None:
    assert not well_formed(text)


def test_the_keys_are_those_of_rfc_7677() -> None:
    """The example of RFC 7677 section 3: user "user", password "pencil"."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    found = keys("pencil", salt)
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(found.stored_key, message, "sha256")
    client_key = bytes(one ^ two for one, two in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == found.stored_key
    server = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert hmac.digest(found.server_key, message, "sha256") == server


def test_a_candidate_is_compared_with_every_key() -> None:
    salt = device_passwords.new_salt()
    secrets = [generate() for _ in range(3)]
    stored = [keys(secret, salt).stored_key for secret in secrets]
    assert [matching(secret, salt, stored) for secret in secrets] == [0, 1, 2]
    assert matching(generate(), salt, stored) is None
    assert matching(secrets[0], device_passwords.new_salt(), stored) is None
    assert matching(secrets[0], salt, []) is None
