"""Hashes of other servers. Those of CLAVE were written by Dovecot 2.3's `doveadm pw`."""

import base64
import hashlib

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.accounts import foreign_hashes
from controlpanel.accounts.foreign_hashes import HashError, recognise, verify

CLAVE = "clave–ñandú 1"
SHA512 = "$6$MBE2E1Ut1IkDdVca$HNu.AnXPnU3yL4SaC5g//LOlJV9yCm0Ty5nCywXhznpuwYoBg77361UAggMXDKhfiuJVzM2NLwiDWnumRV656/"
BLOWFISH = "$2y$05$ub7kHfLqoKTqjuH7DajdjO4IPLhXz/YQaUAG9ZUJHNUU.qes19N3i"
ARGON2ID = "$argon2id$v=19$m=65536,t=3,p=1$+jkySfYRMT6nXVkF0lSujQ$jXgAEUuVWsRsAlvn8QdrOxns0oqS+eXV4ThZ8JHDNv0"

WRITTEN_BY_DOVECOT = {
    "{SSHA512}pqIK5KYyRcmBUmsk3lcqp+ZJG1KkycYmfHtc3v3REEE64dZzUPdi5sayBCkJL5xTG4gR33tu56eMRXLLj7cZtLJtQZM=": "SSHA512",
    "{SSHA256}CP7Vh//yMV2Z97uAXaDErbJYC/V1KCOfVZhVBpPOzxhNd3QN": "SSHA256",
    "{SSHA}hLrfNmiMsMyIZ5YhLhRFzdRwmEbHW5sD": "SSHA",
    "{SHA512-CRYPT}" + SHA512: "SHA512-CRYPT",
    "{SHA256-CRYPT}$5$SPDXd8DHXxOtO38n$qKbdgXnYArPXGar3kHTRksSMJ.9c.YesmyaS2GAMtJ2": "SHA256-CRYPT",
    "{MD5-CRYPT}$1$/be2d/r2$N9Og.PGo6d8ioavLxJDh5/": "MD5-CRYPT",
    "{BLF-CRYPT}" + BLOWFISH: "BLF-CRYPT",
    "{ARGON2ID}" + ARGON2ID: "ARGON2ID",
    "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$4VH78Vz8D1EVuMiViLB1Vg$qkPo9qxu75p/3U6lTNzEqZNTmvVo1cOG2ChstijCL1Y": (
        "ARGON2I"
    ),
    "{CRYPT}$2y$05$oN87PVDDminT6xew99PaYeyo9fymGo4ZAb1K1dFtwnIZuPRu.3Y8G": "BLF-CRYPT",
    "{PBKDF2}$1$KYp9kGxsutgJLd8/$5000$e5d61883bd8bd4aafbf56924061adb1352d1590d": "PBKDF2",
    "{SSHA512.HEX}964613db0616dcd44907157865d28f717a1b2ea92a0d0fde3df9b2de0223757b61d3af9d8f49b8e3de85fb013d7adf3e"
    "d9416742ee743317cf3477c6ce4552b1c9dcf512": "SSHA512",
    "{SSHA.HEX}cebba78e741bc5bd2d96df249681fc14de8f9c5a237df520": "SSHA",
    "{SHA512-CRYPT.B64}JDYkOU95TWw1WmgycTlKOG8xTSRxVFZ2ZFZ6ZG1iajdhS29PQlQ0NHNUd3ZOeW0ySVlhTWgwMEIxQ2ovblpHdFdiZE84L1Aw"
    "N29xcVppU0kzRHBxd01zQldCWnJFWFhBc09KRTZ1V09aMA==": "SHA512-CRYPT",
    "{BLF-CRYPT.HEX}243279243035242e6538316b4564786e44304f364962376d506847744f41636d43492f4e513547522f5455535430516a4545"
    "6a72637a3736665a7732": "BLF-CRYPT",
    SHA512: "SHA512-CRYPT",
    BLOWFISH: "BLF-CRYPT",
    BLOWFISH.replace("$2y$", "$2a$"): "BLF-CRYPT",
    BLOWFISH.replace("$2y$", "$2b$"): "BLF-CRYPT",
    ARGON2ID: "ARGON2ID",
    "$1$/be2d/r2$N9Og.PGo6d8ioavLxJDh5/": "MD5-CRYPT",
    "{ssha}hLrfNmiMsMyIZ5YhLhRFzdRwmEbHW5sD": "SSHA",
    "{SSHA.b64}hLrfNmiMsMyIZ5YhLhRFzdRwmEbHW5sD": "SSHA",
}


@pytest.mark.parametrize(("text", "scheme"), WRITTEN_BY_DOVECOT.items(), ids=lambda text: text[:24])
def test_a_hash_is_recognised_and_checked_as_it_came(text: str, scheme: str) -> None:
    assert recognise(text) == scheme
    assert verify(text, CLAVE)
    assert not verify(text, CLAVE + " ")
    assert not verify(text, "")


REFUSED = {
    "": "There is no hash",
    "{PLAIN}secret": "in clear",
    "{CLEARTEXT}secret": "in clear",
    "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==": "no salt",
    "{SHA256}n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=": "no salt",
    "{SMD5}4QrcOUm6Wau+VuBX8g+IPg==": "plain MD5",
    "{CRAM-MD5}" + "a" * 64: "sign-in protocol",
    "{SCRAM-SHA-256}4096,c2FsdA==,eA==,eQ==": "sign-in protocol",
    "{DES-CRYPT}jpAY3a1Xu8vAY": "DES",
    "jpAY3a1Xu8vAY": "DES",
    "{CRYPT}jpAY3a1Xu8vAY": "DES",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7": "yescrypt",
    "$7$CU..../....e$x": "yescrypt",
    "{WHAT}ever": "{WHAT} is not known",
    "secret": "no hash that is known",
    "$2x$05$ub7kHfLqoKTqjuH7DajdjO4IPLhXz/YQaUAG9ZUJHNUU.qes19N3i": "no hash that is known",
    "{SHA256-CRYPT}" + SHA512: "not {SHA256-CRYPT}",
    "{SSHA512}c2hvcnQ=": "damaged",
    "{SSHA}!!!": "damaged",
    "{SSHA.hex}zz": "damaged",
    SHA512[:-1]: "damaged",
    SHA512 + "x": "damaged",
    "$6$rounds=05000$a$" + "a" * 86: "damaged",
    # What a hostile hash would make a check cost.
    "$6$rounds=999999999$a$" + "a" * 86: "999999999 rounds",
    "$6$rounds=999$a$" + "a" * 86: "999 rounds",
    "$5$rounds=1000001$a$" + "a" * 43: "1000001 rounds",
    BLOWFISH.replace("$05$", "$15$"): "15 rounds",
    BLOWFISH.replace("$05$", "$31$"): "31 rounds",
    "{PBKDF2}$1$salt$999999999$e5d61883bd8bd4aafbf56924061adb1352d1590d": "999999999 rounds",
    ARGON2ID.replace("m=65536", "m=4194304"): "costs too much",
    ARGON2ID.replace("t=3", "t=17"): "costs too much",
    ARGON2ID.replace("p=1", "p=17"): "costs too much",
    ARGON2ID.replace("m=65536", "m=65536" * 60): "too long",
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.items(), ids=lambda text: text[:24])
def test_what_is_not_taken_has_its_reason(text: str, sentence: str) -> None:
    with pytest.raises(HashError) as refused:
        recognise(text)
    assert sentence in str(refused.value.sentence)
    assert not verify(text, CLAVE)


def test_blowfish_reads_72_octets_as_it_always_did() -> None:
    written = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()
    assert verify(written, "a" * 72)
    assert verify(written, "a" * 80)
    assert not verify(written, "a" * 71)


def test_a_blowfish_salt_with_stray_bits_is_damaged_not_a_fault_at_sign_in() -> None:
    stray = BLOWFISH[:28] + "P" + BLOWFISH[29:]
    with pytest.raises(HashError):
        recognise(stray)


def test_the_password_of_a_refused_hash_is_in_no_error() -> None:
    with pytest.raises(HashError) as refused:
        recognise("{PLAIN}hunter2hunter2")
    assert "hunter2" not in str(refused.value)


def sentence_of(text: str) -> str | None:
    try:
        foreign_hashes.read(text)
    except HashError as refused:
        return str(refused.sentence)
    return None


@given(st.text())
def test_no_text_is_a_hash_by_chance_and_each_has_its_sentence(text: str) -> None:
    assert sentence_of(text)


@given(st.sampled_from(sorted(WRITTEN_BY_DOVECOT)), st.integers(0, 90), st.characters(codec="ascii"))
def test_a_hash_with_one_sign_changed_is_read_or_refused_with_a_sentence(text: str, place: int, sign: str) -> None:
    place %= len(text)
    assert sentence_of(text[:place] + sign + text[place + 1 :]) != ""


@given(st.binary(min_size=1, max_size=40), st.text(max_size=40))
def test_ssha_of_any_salt_and_secret(salt: bytes, secret: str) -> None:
    octets = secret.encode("utf-8", "surrogatepass")
    text = "{SSHA256}" + base64.b64encode(hashlib.sha256(octets + salt).digest() + salt).decode()
    assert verify(text, secret)
    assert not verify(text, secret + "x")
