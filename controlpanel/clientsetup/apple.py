"""Apple's configuration profile (.mobileconfig) for Mail on iPhone, iPad and Mac, and its signature.

Keys and their rules: com.apple.mail.managed.yaml, TopLevel.yaml and CommonPayloadKeys.yaml in apple/device-management.
Identifiers and UUIDs follow from the mailbox, so a profile installed again replaces the earlier one instead of adding
a second account. No key exists for leaving mail on the server: the consent text says what to set.
"""

import plistlib
import uuid
from datetime import UTC, datetime
from enum import IntEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from controlpanel.clientsetup.service import Person, Retention, ServiceDescription

CONTENT_TYPE = "application/x-apple-aspen-config"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:casilla:apple-profile")


class TargetDevice(IntEnum):
    """Values of TargetDeviceType; with one the device does not ask which device is meant."""

    ANY = 0
    IPHONE = 1
    MAC = 5


TITLES = {"en": "Mail for {address}", "es": "Correo de {address}"}
EXPLANATIONS = {
    "en": "Sets up {address} in Mail. {name} is the service behind it.",
    "es": "Configura {address} en Mail. El servicio es {name}.",
}
CONSENTS = {
    "en": "This profile adds the account {address} to Mail. Messages are fetched from {host} over POP3. {deletion}",
    "es": "Este perfil agrega la cuenta {address} a Mail. Los mensajes se reciben de {host} por POP3. {deletion}",
}
KEEPING = {
    "en": "Messages are meant to stay on the server. To make sure, open the account's settings: Delete from server "
    "says Never (iPhone, iPad), or Remove copy from server is not ticked (Mac).",
    "es": "Los mensajes deben quedar en el servidor. Para asegurarlo, en los ajustes de la cuenta: «Eliminar del "
    "servidor» dice «Nunca» (iPhone, iPad), o «Eliminar copia del servidor» está sin marcar (Mac).",
}
KEEPING_DAYS = {
    "en": "Messages are meant to stay on the server for {days} days; the account's settings say when they are removed.",
    "es": "Los mensajes deben quedar {days} días en el servidor; los ajustes de la cuenta dicen cuándo se eliminan.",
}
REMOVING = {
    "en": "Messages are meant to be removed from the server once fetched; the account's settings say when.",
    "es": "Los mensajes deben eliminarse del servidor una vez recibidos; los ajustes de la cuenta dicen cuándo.",
}


class SigningError(ValueError):
    """The certificate or key given for profiles cannot sign; the message never shows their content."""


def identifier(service: ServiceDescription, person: Person) -> str:
    """Return the reverse-DNS identifier of the mailbox's profile, the same for ever."""
    return ".".join([*reversed(service.domain.split(".")), "casilla", f"mailbox-{person.mailbox_id}"])


def profile(
    service: ServiceDescription,
    person: Person,
    *,
    language: str = "en",
    device: TargetDevice = TargetDevice.ANY,
    password: str | None = None,
    remove_at: datetime | None = None,
) -> bytes:
    """Return the profile as an XML property list, unsigned.

    Without `password` the device asks for it once. `password` is meant for a device password made for this profile;
    `remove_at` (aware) is when it expires and takes the account away again.
    """
    own = identifier(service, person)
    words = {"address": person.address, "name": service.name, "host": service.incoming[0].host}
    content: dict[str, object] = {
        **_payload("Configuration", own),
        "PayloadDisplayName": TITLES[language].format(**words),
        "PayloadDescription": EXPLANATIONS[language].format(**words),
        "PayloadOrganization": service.name,
        "PayloadContent": [_account(service, person, own, password)],
        "ConsentText": _consent(service.retention, words),
        "TargetDeviceType": int(device),
    }
    if remove_at is not None:
        content["RemovalDate"] = remove_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return plistlib.dumps(content, sort_keys=False)


def sign(content: bytes, certificate_pem: bytes, key_pem: bytes, intermediates_pem: bytes = b"") -> bytes:
    """Return the profile inside a signature, CMS in DER (RFC 5652), with the certificate and its intermediates.

    `certificate_pem` may be a whole chain. Sign at download: a stored profile turns unsigned when the certificate ends.
    """
    try:
        certificate, *chain = x509.load_pem_x509_certificates(certificate_pem)
        chain += x509.load_pem_x509_certificates(intermediates_pem) if intermediates_pem.strip() else []
        key = load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError):
        raise SigningError("The certificate or key for profiles is not PEM, or has a passphrase.") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SigningError("The key for profiles is neither RSA nor elliptic curve.")
    if _public(key.public_key()) != _public(certificate.public_key()):
        raise SigningError("The key for profiles does not belong to the certificate.")
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    for intermediate in chain:
        builder = builder.add_certificate(intermediate)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])


def _payload(kind: str, name: str) -> dict[str, object]:
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": name,
        "PayloadUUID": str(uuid.uuid5(NAMESPACE, name)).upper(),
    }


def _account(service: ServiceDescription, person: Person, own: str, password: str | None) -> dict[str, object]:
    account: dict[str, object] = {
        **_payload("com.apple.mail.managed", f"{own}.account"),
        "PayloadDisplayName": person.address,
        "EmailAccountType": "EmailTypePOP",
        "EmailAccountDescription": person.address,
        "EmailAccountName": person.name,
        "EmailAddress": person.address,
    }
    for side, server in (("Incoming", service.incoming[0]), ("Outgoing", service.submission)):
        account |= {
            f"{side}MailServerAuthentication": "EmailAuthPassword",
            f"{side}MailServerHostName": server.host,
            f"{side}MailServerPortNumber": server.port,
            f"{side}MailServerUseSSL": True,
            f"{side}MailServerUsername": person.address,
        }
    account["OutgoingPasswordSameAsIncomingPassword"] = True
    if password is not None:
        account["IncomingPassword"] = password
    return account


def _consent(retention: Retention, words: dict[str, str]) -> dict[str, str]:
    """Return the text shown before installing, for each language and for devices in any other."""
    deletion = _deletion(retention)
    texts = {code: text.format(**words, deletion=deletion[code]) for code, text in CONSENTS.items()}
    return {"default": texts["en"], **texts}


def _deletion(retention: Retention) -> dict[str, str]:
    if not retention.leave_on_server:
        return REMOVING
    if retention.days is None:
        return KEEPING
    return {code: text.format(days=retention.days) for code, text in KEEPING_DAYS.items()}


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded
