"""Apple's profile: its keys by Apple's own tables, its identifiers, and its signature as openssl sees it."""

import plistlib
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given

from controlpanel.clientsetup.apple import SigningError, TargetDevice, identifier, profile, sign
from controlpanel.clientsetup.service import REMOVE, Person, Retention, ServiceDescription
from tests.clientsetup.examples import ANA, RECEIVE_ONLY, SERVICE, STLS_ONLY, people, services
from tests.programs import need

TOP_LEVEL = {  # TopLevel.yaml: key, type, required
    "PayloadType": (str, True),
    "PayloadVersion": (int, True),
    "PayloadIdentifier": (str, True),
    "PayloadUUID": (str, True),
    "PayloadContent": (list, True),
    "PayloadDisplayName": (str, False),
    "PayloadDescription": (str, False),
    "PayloadOrganization": (str, False),
    "ConsentText": (dict, False),
    "TargetDeviceType": (int, False),
    "RemovalDate": (datetime, False),
}
MAIL = {  # com.apple.mail.managed.yaml with CommonPayloadKeys.yaml
    "PayloadType": (str, True),
    "PayloadVersion": (int, True),
    "PayloadIdentifier": (str, True),
    "PayloadUUID": (str, True),
    "PayloadDisplayName": (str, False),
    "EmailAccountType": (str, True),
    "EmailAccountDescription": (str, False),
    "EmailAccountName": (str, False),
    "EmailAddress": (str, False),
    **{
        f"{side}MailServer{key}": rule
        for side in ("Incoming", "Outgoing")
        for key, rule in {
            "Authentication": (str, True),
            "HostName": (str, True),
            "PortNumber": (int, False),
            "UseSSL": (bool, False),
            "Username": (str, False),
        }.items()
    },
    "OutgoingPasswordSameAsIncomingPassword": (bool, False),
    "IncomingPassword": (str, False),
}


def checked(content: bytes) -> tuple[dict, dict]:
    """Return the profile and its account, having checked every key and type against Apple's tables."""
    top = plistlib.loads(content)
    (account,) = top["PayloadContent"]
    for found, table in ((top, TOP_LEVEL), (account, MAIL)):
        assert set(found) <= set(table)
        assert {key for key, (_, required) in table.items() if required} <= set(found)
        assert all(type(value) is table[key][0] for key, value in found.items())
        UUID(found["PayloadUUID"])
    assert (top["PayloadType"], top["PayloadVersion"]) == ("Configuration", 1)
    assert (account["PayloadType"], account["PayloadVersion"]) == ("com.apple.mail.managed", 1)
    assert account["EmailAccountType"] == "EmailTypePOP"
    return top, account


def test_the_account_is_pop_inside_tls_by_password() -> None:
    top, account = checked(profile(SERVICE, ANA, device=TargetDevice.IPHONE))
    incoming = [account[f"IncomingMailServer{key}"] for key in ("HostName", "PortNumber", "UseSSL", "Username")]
    outgoing = [account[f"OutgoingMailServer{key}"] for key in ("HostName", "PortNumber", "UseSSL", "Username")]
    assert incoming == ["pop.example.net", 995, True, "ana@example.test"]
    assert outgoing == ["smtp.example.net", 465, True, "ana@example.test"]
    assert (
        account["IncomingMailServerAuthentication"]
        == account["OutgoingMailServerAuthentication"]
        == "EmailAuthPassword"
    )
    assert (account["EmailAccountName"], account["EmailAddress"]) == ("Ana Núñez", "ana@example.test")
    assert account["OutgoingPasswordSameAsIncomingPassword"] is True
    assert "IncomingPassword" not in account
    assert (top["TargetDeviceType"], top["PayloadOrganization"]) == (1, SERVICE.name)
    assert "RemovalDate" not in top


def test_a_password_and_an_end_are_there_when_asked_for() -> None:
    ends = datetime(2027, 1, 31, 21, 30, tzinfo=timezone(timedelta(hours=-3)))
    top, account = checked(profile(SERVICE, ANA, password="abcd-efgh", remove_at=ends))
    assert account["IncomingPassword"] == "abcd-efgh"
    assert top["RemovalDate"] == datetime(2027, 2, 1, 0, 30)


def test_identifiers_follow_from_the_mailbox_alone() -> None:
    first, account = checked(profile(SERVICE, ANA))
    other = Person("anita@example.test", "Anita", ANA.mailbox_id)
    changed = replace(SERVICE, name="Other", pop3s=STLS_ONLY.pop3s, outgoing=None, retention=REMOVE)
    again, account_again = checked(profile(changed, other, language="es", device=TargetDevice.MAC, password="x"))
    for key in ("PayloadIdentifier", "PayloadUUID"):
        assert first[key] == again[key]
        assert account[key] == account_again[key]
        assert first[key] != account[key]
    assert identifier(SERVICE, ANA) == "test.example.casilla.mailbox-17"


def test_two_mailboxes_never_share_an_identifier() -> None:
    pairs = [(SERVICE, "17"), (SERVICE, "18"), (replace(SERVICE, domain="example.net"), "17")]
    found = [checked(profile(service, Person("ana@example.test", "Ana", number)))[0] for service, number in pairs]
    assert len({top["PayloadIdentifier"] for top in found}) == len({top["PayloadUUID"] for top in found}) == 3


def test_consent_is_asked_in_both_languages_whatever_the_page_speaks() -> None:
    for language in ("en", "es"):
        consent = checked(profile(SERVICE, ANA, language=language))[0]["ConsentText"]
        assert set(consent) == {"default", "en", "es"}
        assert consent["default"] == consent["en"]
        assert all("ana@example.test" in text and "pop.example.net" in text for text in consent.values())
    assert checked(profile(SERVICE, ANA, language="es"))[0]["PayloadDisplayName"] == "Correo de ana@example.test"


@pytest.mark.parametrize(
    ("retention", "word"), [(REMOVE, "eliminarse"), (Retention(days=30), "30 días"), (Retention(), "Nunca")]
)
def test_consent_says_what_becomes_of_mail_on_the_server(retention: Retention, word: str) -> None:
    consent = checked(profile(replace(SERVICE, retention=retention), ANA))[0]["ConsentText"]
    assert word in consent["es"]
    assert "{" not in consent["es"] + consent["en"]


def test_a_service_that_only_receives_still_has_the_keys_that_apple_requires() -> None:
    account = checked(profile(RECEIVE_ONLY, ANA))[1]
    assert account["OutgoingMailServerHostName"] == "pop.example.net"


@given(services(), people)
def test_every_description_makes_a_profile_that_reads_back(service: ServiceDescription, person: Person) -> None:
    _top, account = checked(profile(service, person))
    assert account["EmailAccountName"] == person.name
    assert account["IncomingMailServerPortNumber"] == service.incoming[0].port


# The signature


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module", params=[trustme.KeyType.RSA, trustme.KeyType.ECDSA], ids=["RSA", "ECDSA"])
def issued(request: pytest.FixtureRequest) -> tuple[trustme.CA, trustme.LeafCert]:
    root = trustme.CA(key_type=request.param)
    intermediate = root.create_child_ca(key_type=request.param)
    return root, intermediate.issue_cert("profiles@example.test", key_type=request.param)


AS_GIVEN = ("-inform", "DER", "-binary", "-purpose", "any")  # a web server's certificate signs profiles too


def verified(signed: bytes, root: trustme.CA, folder: Path, *command: str) -> bytes:
    """Return the content that openssl takes out of the signature, trusting the root alone."""
    openssl = need("openssl")
    root.cert_pem.write_to_path(folder / "root.pem")
    (folder / "profile").write_bytes(signed)
    done = subprocess.run(
        [openssl, *command, "-verify", *AS_GIVEN, "-in", folder / "profile", "-CAfile", folder / "root.pem"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("command", ["cms", "smime"])
def test_openssl_verifies_the_signature(
    issued: tuple[trustme.CA, trustme.LeafCert], tmp_path: Path, command: str
) -> None:
    root, leaf = issued
    certificate, *chain = [blob.bytes() for blob in leaf.cert_chain_pems]
    content = profile(SERVICE, ANA)
    signed = sign(content, certificate, leaf.private_key_pem.bytes(), b"".join(chain))
    assert verified(signed, root, tmp_path, command) == content


def test_a_whole_chain_in_one_file_is_as_good(issued: tuple[trustme.CA, trustme.LeafCert], tmp_path: Path) -> None:
    root, leaf = issued
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    content = profile(SERVICE, ANA)
    assert verified(sign(content, chain, leaf.private_key_pem.bytes()), root, tmp_path, "cms") == content


def test_a_changed_profile_does_not_verify(issued: tuple[trustme.CA, trustme.LeafCert], tmp_path: Path) -> None:
    root, leaf = issued
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    signed = sign(profile(SERVICE, ANA), chain, leaf.private_key_pem.bytes())
    assert b"pop.example.net" in signed
    with pytest.raises(AssertionError, match=r"(?i)verif"):
        verified(signed.replace(b"pop.example.net", b"pop.example.org"), root, tmp_path, "cms")


def test_what_cannot_sign_is_refused_without_showing_a_key() -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("a@example.test")
    certificate, key = leaf.cert_chain_pems[0].bytes(), leaf.private_key_pem.bytes()
    stranger = pem(ec.generate_private_key(ec.SECP256R1()))
    for bad_certificate, bad_key, intermediates in [
        (b"", key, b""),
        (certificate, b"", b""),
        (certificate, key[: len(key) // 2], b""),
        (certificate, stranger, b""),
        (certificate, pem(ed25519.Ed25519PrivateKey.generate()), b""),
        (certificate, key, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ]:
        with pytest.raises(SigningError) as refused:
            sign(b"x", bad_certificate, bad_key, intermediates)
        assert "-----" not in str(refused.value)


def test_a_key_with_a_passphrase_is_refused() -> None:
    leaf = trustme.CA().issue_cert("a@example.test")
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(SigningError, match="passphrase"):
        sign(b"x", leaf.cert_chain_pems[0].bytes(), locked)


def test_the_date_of_removal_is_utc_without_a_fraction() -> None:
    ends = datetime(2027, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    assert b"<date>2027-01-01T12:00:00Z</date>" in profile(SERVICE, ANA, remove_at=ends)
