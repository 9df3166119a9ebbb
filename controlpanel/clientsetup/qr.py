"""QR codes: the account for Thunderbird for Android, and any web address.

The account's text follows "Export for Mobile", format version 1 of 2025-02-06 (thunderbird-android,
feature/migration/qrcode/qr-code-format.md). It is the only way to set POP3 up there without typing, as that client
accepts no POP3 from an autoconfig file. No password goes into a picture that hangs on a screen.
"""

import io
import json

import segno

from controlpanel.clientsetup.service import NotExpressibleError, Person, Security, Server, ServiceDescription

FORMAT_VERSION = 1
POP3 = 1
SMTP = 0
PASSWORD_CLEARTEXT = 1
CONNECTION_SECURITY = {Security.STARTTLS: 2, Security.TLS: 3}


def thunderbird_account(service: ServiceDescription, person: Person) -> str:
    """Return the JSON text of one POP3 account in one code, in ASCII: scanners guess at anything else, and guess wrong.

    Raises NotExpressibleError for an address outside ASCII, which the format does not allow.
    """
    if not person.address.isascii():
        raise NotExpressibleError("The QR code of Thunderbird for Android takes addresses in ASCII only.")
    incoming = [POP3, *_connection(service.incoming[0], person)]
    outgoing = [SMTP, *_connection(service.submission, person)]
    identity = [person.address, person.name]
    code = [FORMAT_VERSION, [1, 1], incoming, [[outgoing, identity]]]
    return json.dumps(code, separators=(",", ":"))


def svg(content: str, title: str) -> str:
    """Return a QR code as an SVG element with a title for screen readers and no style attributes (CSP).

    Its colours are fixed, dark on light, as a camera wants them in a dark theme too. Raises NotExpressibleError for
    more than fits (2,953 octets).
    """
    try:
        code = segno.make(content, error="l", micro=False, encoding="utf-8", eci=not content.isascii())
    except segno.DataOverflowError:
        raise NotExpressibleError("That is more text than a QR code holds.") from None
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, omitsize=True, title=title, dark="#000", light="#fff", nl=False)
    return out.getvalue().decode("utf-8").replace("<svg ", '<svg role="img" ', 1)


def _connection(server: Server, person: Person) -> list[str | int]:
    return [server.host, server.port, CONNECTION_SECURITY[server.security], PASSWORD_CLEARTEXT, person.address]
