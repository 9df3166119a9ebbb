"""Look at the certificates every few seconds, and say what changed and what is wrong with them."""

import asyncio
import logging
from collections.abc import Callable

from pop3service.certificates import Certificates
from pop3service.server.logfmt import logfmt

log = logging.getLogger("casilla.service")

SECONDS = 5.0


def watch(loop: asyncio.AbstractEventLoop, certificates: Certificates, tell: Callable[[str], None]) -> None:
    """Take up certificates now and whenever they change. `tell` gets what is wrong with them, "" for nothing."""
    done = certificates.reload()
    for folder in done.loaded:
        log.info(logfmt({"event": "certificate_loaded", "folder": folder}))
    for folder in done.removed:
        log.warning(logfmt({"event": "certificate_gone", "folder": folder}))
    for folder, fault in done.errors.items():
        log.error(logfmt({"event": "certificate_bad", "folder": folder, "fault": fault}))
    tell(trouble(certificates))
    loop.call_later(SECONDS, watch, loop, certificates, tell)


def trouble(certificates: Certificates) -> str:
    lines = [f"{folder}: {fault}" if folder else fault for folder, fault in sorted(certificates.errors.items())]
    if not certificates:
        lines.append("There is no certificate: POP3 over TLS is not served, and STLS is not offered.")
    return "\n".join(lines)
