"""Look at the certificates every few seconds, and say what changed and what is wrong with them."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from pop3service.certificates import Certificates
from pop3service.server.logfmt import logfmt

log = logging.getLogger("casilla.service")

SECONDS = 3.0


class CertificatesWatch:
    """Takes up certificates when they change, and tells, when that changes, what is wrong: "" for nothing.

    `old_tls` says whether TLS 1.0 and 1.1 are taken now.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        certificates: Certificates,
        folder: Path,
        tell: Callable[[str], None],
        old_tls: Callable[[], bool],
    ) -> None:
        self._loop = loop
        self._certificates = certificates
        self._folder = folder
        self._tell = tell
        self._old_tls = old_tls
        self._trouble = ""

    def look(self) -> None:
        """Look now, and again every few seconds."""
        if self._certificates.allow_old_tls(self._old_tls()):
            log.warning(logfmt({"event": "old_tls", "allowed": "yes" if self._certificates.old_tls else "no"}))
        done = self._certificates.reload()
        for folder in done.loaded:
            log.info(logfmt({"event": "certificate_loaded", "folder": folder}))
        for folder in done.removed:
            log.warning(logfmt({"event": "certificate_gone", "folder": folder}))
        trouble = self._words()
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell(trouble)
            if trouble:
                log.error(logfmt({"event": "certificate_trouble", "fault": trouble}))
        self._loop.call_later(SECONDS, self.look)

    def _words(self) -> str:
        errors = self._certificates.errors
        words = [f"{folder}: {fault}" if folder else fault for folder, fault in sorted(errors.items())]
        if not self._certificates:
            words.append(f"{self._folder} holds no certificate: POP3 over TLS closes what connects, STLS is not there")
        return "; ".join(words)
