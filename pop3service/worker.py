"""The gunicorn worker that runs the mail service: one loop for all it serves.

gunicorn makes the listening sockets, forks, and watches the heartbeat. Nothing of ours is made before the fork: no
connection to the database, no loop, no thread.
"""

import asyncio
import gc
import logging
import os
import resource
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.util import parse_address
from gunicorn.workers.base import Worker as GunicornWorker

from pop3service import dovecot_auth, lmtp, policy, pop3
from pop3service.certificates import Certificates
from pop3service.dovecot_auth_lines import Identity
from pop3service.lmtp_rules import Rules as LmtpRules
from pop3service.lmtp_words import FOREIGN_PEER
from pop3service.rules import Rules
from pop3service.server import Limits, Server, Service
from pop3service.server.certificates_watch import CertificatesWatch
from pop3service.server.ports import Core, Door, Line

if TYPE_CHECKING:
    from pop3service.backend import Backend, Policies

log = logging.getLogger("casilla.service")

HOUR = 3600.0
BEAT_SECONDS = 1.0
STOP_MARGIN_SECONDS = 4  # of gunicorn's graceful timeout, kept for the last statements
SENDING_MECHANISMS = ("SCRAM-SHA-256", "PLAIN", "LOGIN")
SPARE_FILES = 100  # descriptors that are no client's
SWITCH_SECONDS = 0.0005  # how long a lane that has its answer waits for the loop to make room


class Worker(GunicornWorker):  # type: ignore[misc]
    """One mail process. SIGTERM lets it finish what is under way, SIGINT and SIGQUIT do not."""

    def load_wsgi(self) -> None:
        """There is no WSGI application."""

    def run(self) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlpanel.settings")
        django.setup()
        log_to_stderr()
        sys.setswitchinterval(SWITCH_SECONDS)
        rarely_collect_garbage()
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        from pop3service.backend import Backend  # models want settings first

        loop = asyncio.get_running_loop()
        stopping: asyncio.Future[float] = loop.create_future()
        patience = max(1.0, self.cfg.graceful_timeout - STOP_MARGIN_SECONDS)
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGINT, 0.0), (signal.SIGQUIT, 0.0)):
            loop.add_signal_handler(number, stop_within, stopping, seconds)
        certificates = Certificates(settings.TLS_DIR)
        backend = Backend(loop)
        server = Server(loop, certificates, limits(), settings.PROXY_NETWORKS)
        backend.start()
        CertificatesWatch(
            loop, certificates, settings.TLS_DIR, backend.tell_trouble, lambda: bool(backend.policies.lines.old_tls)
        ).look()
        for sock, service in self._matched(services(backend, certificates)):
            await server.listen(sock, service)
        self._beat(loop, stopping)
        await server.stop(await stopping)
        await backend.stop()

    def _matched(self, offered: dict[str, Service]) -> list[tuple[Any, Service]]:
        """Return each listening socket with the service of its address; where they do not match, stop gunicorn."""
        by_address = {parse_address(bind): service for bind, service in offered.items()}
        listening = {sock.cfg_addr: sock.sock for sock in self.sockets}
        if listening.keys() != by_address.keys():
            log.error("event=not_started fault=addresses listening=%s to_serve=%s", list(listening), list(by_address))
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
        return [(listening[address], service) for address, service in by_address.items()]

    def _beat(self, loop: asyncio.AbstractEventLoop, stopping: "asyncio.Future[float]") -> None:
        """Tell gunicorn that the loop runs; once gunicorn is gone, nobody else would stop us."""
        self.notify()
        # Not alive: told to stop before the loop could listen to signals.
        if os.getppid() != self.ppid or not self.alive:
            stop_within(stopping, 0.0)
        loop.call_later(BEAT_SECONDS, self._beat, loop, stopping)


def stop_within(stopping: "asyncio.Future[float]", seconds: float) -> None:
    if not stopping.done():
        stopping.set_result(seconds)


def services(backend: "Backend", certificates: Certificates) -> dict[str, Service]:
    """Return what is served, by the address it is served on."""
    rules = Rules(
        settings.PUBLIC_HOST,
        mechanisms=mechanisms(),
        plain_login=settings.PLAIN_TEXT_LOGIN,
        language=settings.LANGUAGE_CODE,
        openid_configuration=settings.OAUTH_DISCOVERY_URL,
    )
    lmtp_rules = LmtpRules(settings.PUBLIC_HOST, settings.MESSAGE_LIMIT)

    @lru_cache(maxsize=4)
    def rules_now(stls: bool, policies: "Policies") -> Rules:
        return replace(
            rules,
            stls=stls,
            login_delay=policies.login_delay,
            expire=policies.expire,
            plain_somewhere=bool(policies.lines.plain),
        )

    def pop3_session(peer: pop3.Peer) -> pop3.Session:
        return pop3.Session(rules_now(bool(certificates), backend.policies), peer)

    return {
        **dict.fromkeys(settings.AUTH_BIND, auth_service(backend)),
        **dict.fromkeys(settings.POLICY_BIND, policy_service(backend)),
        settings.POP3_BIND: Service("pop3", pop3_session, backend.pop3, idle=600, lifetime=12 * HOUR),
        settings.POP3S_BIND: Service(
            "pop3s", pop3_session, backend.pop3, idle=600, lifetime=12 * HOUR, tls_from_start=True
        ),
        settings.LMTP_BIND: Service(
            "lmtp",
            lambda peer: lmtp.Session(lmtp_rules),
            backend.lmtp,
            idle=300,  # RFC 5321 section 4.5.3.2.7
            lifetime=24 * HOUR,
            has_login=False,
            networks=settings.LMTP_NETWORKS,
            refusal=FOREIGN_PEER,
            proxied=False,
        ),
    }


def auth_service(backend: "Backend") -> Service:
    """Whether a password may send, for Postfix and Exim, whose processes keep a line while they live."""
    lines = count(1)

    def session(peer: pop3.Peer) -> dovecot_auth.Session:
        identity = Identity(os.getpid(), next(lines), secrets.token_hex(16))
        return dovecot_auth.Session(SENDING_MECHANISMS, identity, plain_login=settings.PLAIN_TEXT_LOGIN)

    return asked_by_mail_servers("auth", session, backend.auth)


def policy_service(backend: "Backend") -> Service:
    """Whether a message may go, for Postfix."""
    return asked_by_mail_servers("policy", lambda peer: policy.Session(), backend.policy)


def asked_by_mail_servers(name: str, core: Callable[[pop3.Peer], Core], door: Callable[[Line], Door]) -> Service:
    """What mail servers alone may ask: through the file system whom its modes let, by TCP the networks of theirs."""
    return Service(
        name,
        core,
        door,
        idle=HOUR,
        lifetime=24 * HOUR,
        has_login=False,
        networks=[*settings.AUTH_NETWORKS],
        proxied=False,
    )


def mechanisms() -> tuple[str, ...]:
    """Return what is offered, strongest first."""
    plus = ["SCRAM-SHA-256-PLUS"] if settings.SCRAM_PLUS else []
    tokens = ["OAUTHBEARER", "XOAUTH2"] if settings.OAUTH_ISSUER else []
    return (*plus, "SCRAM-SHA-256", *tokens, "PLAIN", "LOGIN")


def limits() -> Limits:
    """Return the limits of the settings, and no more connections than the system lets us open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.CONNECTIONS + SPARE_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    in_all = min(settings.CONNECTIONS, max(wanted, soft) - SPARE_FILES)
    if in_all < settings.CONNECTIONS:
        log.warning("event=fewer_connections wanted=%d possible=%d fault=RLIMIT_NOFILE", settings.CONNECTIONS, in_all)
    return Limits(
        in_all, settings.CONNECTIONS_PER_ADDRESS, settings.UNAUTHENTICATED, settings.UNAUTHENTICATED_PER_ADDRESS
    )


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not settings.UVLOOP:
        return None
    import uvloop  # not in the requirements: who sets UVLOOP has installed it

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def rarely_collect_garbage() -> None:
    """A session leaves no cycles behind, and looking for them among those of twenty thousand takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def log_to_stderr() -> None:
    """Log with time, level and name, and spend nothing on what no line shows (Python's logging HOWTO, Optimization)."""
    for name in ("_srcfile", "logThreads", "logMultiprocessing", "logAsyncioTasks"):
        setattr(logging, name, None)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s level=%(levelname)s log=%(name)s %(message)s"))
    logger = logging.getLogger("casilla")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
