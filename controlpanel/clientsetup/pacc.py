"""The configuration document of draft-ietf-mailmaint-pacc (-04), and its digest for DNS.

The document knows hosts alone: TLS from the first byte on the default ports is understood. A client believes it if
the SHA-256 of the very bytes served stands in a TXT record, so the bytes depend on nothing but the description.
"""

import base64
import hashlib
import json

from controlpanel.clientsetup.service import NotExpressibleError, Security, Server, ServiceDescription

CONTENT_TYPE = "application/json"
PATH = "/.well-known/user-agent-configuration.json"
POP3S_PORT = 995
SUBMISSIONS_PORT = 465


def document(service: ServiceDescription, sending_key: str = "submit") -> bytes:
    """Return the bytes to serve. `sending_key` is "submit", or "smtp" for readers of drafts before -03.

    Raises NotExpressibleError unless POP3 is offered by TLS from the first byte on port 995.
    """
    if service.pop3s is None or service.pop3s.port != POP3S_PORT:
        raise NotExpressibleError("PACC can only name a POP3 server with TLS from the first byte on port 995.")
    protocols = {"pop3": {"host": service.pop3s.host}}
    if _is_submissions(service.outgoing):
        protocols[sending_key] = {"host": service.submission.host}
    info: dict[str, object] = {"provider": {"name": service.name, "shortName": service.short_name}}
    if "en" in service.documentation:
        info["help"] = {"documentation": service.documentation["en"]}
    content = {"protocols": protocols, "authentication": {"password": True}, "info": info}
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def digest_record(content: bytes) -> str:
    """Return the value of the TXT record at _ua-auto-config that vouches for these bytes."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
    return f"v=UAAC1; a=sha256; d={digest}"


def _is_submissions(server: Server | None) -> bool:
    return server is not None and server.security is Security.TLS and server.port == SUBMISSIONS_PORT
