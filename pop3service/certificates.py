"""The certificates below one folder: NAME/fullchain.pem and NAME/privkey.pem, chosen by the name a client asks for.

`reload` alone reads files. A changed pair is taken up for new handshakes; a bad one leaves the old in its place.
"""

import hashlib
import os
import ssl
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from pop3service.x509 import dns_names, end_point

CHAIN, KEY = "fullchain.pem", "privkey.pem"
DEFAULT = "default"  # the folder that serves a name nobody knows; without it, the first in order
PEM_END = "-----END CERTIFICATE-----"

USUAL_CIPHERS = ":".join(each["name"] for each in ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).get_ciphers())
OLD_CIPHERS = "ECDHE+AES:DHE+AES:RSA+AES:!aNULL:!AESCCM:@SECLEVEL=0"


class Context(ssl.SSLContext):
    """A server's context, and what SCRAM binds to (RFC 5929 section 4), None where that is undefined."""

    end_point: bytes | None = None

    def allow_old_tls(self, allowed: bool) -> None:
        """OpenSSL 3 has the signatures of TLS 1.0 and 1.1 at security level 0 alone; only they want SHA-1 ciphers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.minimum_version = ssl.TLSVersion.TLSv1 if allowed else ssl.TLSVersion.TLSv1_2
        self.set_ciphers(f"{USUAL_CIPHERS}:{OLD_CIPHERS}" if allowed else USUAL_CIPHERS)


@dataclass(slots=True)
class Certificate:
    """A pair in use. `stamp` tells when its files changed, `digest` whether their content did."""

    context: Context
    names: list[str]
    stamp: object
    digest: bytes


@dataclass(slots=True)
class Reload:
    """What a reload did, by folder: pairs taken up, pairs gone, and what is wrong with those not taken up."""

    loaded: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


class Certificates:
    """The pairs in use. `errors` holds what is wrong now, by folder, whether or not an older pair still serves."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pairs: dict[str, Certificate] = {}
        self._by_name: dict[str, Context] = {}
        self.errors: dict[str, str] = {}
        self.old_tls = False
        self.front = server_context()
        self.front.sni_callback = self._take_context

    def __bool__(self) -> bool:
        """Whether TLS can be had."""
        return bool(self._pairs)

    def allow_old_tls(self, allowed: bool) -> bool:
        """Take TLS 1.0 and 1.1 in new handshakes, or no longer. Returns whether that is a change.

        For every name: which one a client asks for is seen when the version has been chosen already.
        """
        if allowed == self.old_tls:
            return False
        self.old_tls = allowed
        for context in (self.front, *(pair.context for pair in self._pairs.values())):
            context.allow_old_tls(allowed)
        return True

    def choose(self, server_name: str | None) -> Context:
        """Return the context for a host name: its own, else a wildcard's, else the default. There must be one."""
        name = (server_name or "").lower().rstrip(".")
        wildcard = f"*.{name.partition('.')[2]}"
        default = self._pairs[DEFAULT if DEFAULT in self._pairs else min(self._pairs)].context
        return self._by_name.get(name) or self._by_name.get(wildcard) or default

    def reload(self) -> Reload:
        """Look at the files and take up what changed. What cannot be read is an error in the result, said once."""
        done = Reload()
        try:
            folders = sorted(entry.name for entry in self._directory.iterdir() if self._is_pair(entry))
        except OSError as error:
            self._complain("", describe(error), done)
            return done
        for gone in self.errors.keys() - set(folders):
            del self.errors[gone]
        for folder in folders:
            self._look_at(folder, done)
        for folder in self._pairs.keys() - set(folders):
            del self._pairs[folder]
            done.removed.append(folder)
        if done.loaded or done.removed:
            self._index()
        return done

    def _is_pair(self, folder: Path) -> bool:
        return folder.name in self._pairs or os.path.exists(folder / CHAIN)

    def _look_at(self, folder: str, done: Reload) -> None:
        known = self._pairs.get(folder)
        try:
            stamp = stamp_of(self._directory / folder)
            fresh = known if known and known.stamp == stamp else load(self._directory / folder, stamp)
        except (OSError, ValueError) as error:
            self._complain(folder, describe(error), done)
            return
        self.errors.pop(folder, None)
        if known and known.digest == fresh.digest:
            known.stamp = fresh.stamp
        else:
            fresh.context.allow_old_tls(self.old_tls)
            self._pairs[folder] = fresh
            done.loaded.append(folder)

    def _complain(self, folder: str, text: str, done: Reload) -> None:
        if self.errors.get(folder) != text:
            self.errors[folder] = done.errors[folder] = text

    def _index(self) -> None:
        """Map every name to a context. A folder's own name counts before the names in other certificates."""
        self._by_name = {}
        for _, pair in sorted(self._pairs.items(), reverse=True):
            self._by_name |= dict.fromkeys(pair.names, pair.context)
        for folder, pair in self._pairs.items():
            self._by_name[folder.lower()] = pair.context

    def _take_context(self, connection: ssl.SSLObject, server_name: str | None, front: ssl.SSLContext) -> int | None:
        if not self._pairs:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        connection.context = self.choose(server_name)
        return None


def server_context() -> Context:
    """TLS 1.2 and newer, with session tickets. All handshakes begin in one context, so tickets outlive a reload."""
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 1
    return context


def stamp_of(folder: Path) -> object:
    """Return what changes when one of the two files does. Raises OSError."""
    seen = [os.stat(folder / name) for name in (CHAIN, KEY)]
    return [(stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in seen]


def load(folder: Path, stamp: object) -> Certificate:
    """Read a pair. Raises OSError, or ValueError where it is not one."""
    chain, key = (folder / CHAIN).read_bytes(), (folder / KEY).read_bytes()
    context = server_context()
    # A key with a passphrase must be an error; without a callback OpenSSL asks at the terminal.
    context.load_cert_chain(folder / CHAIN, folder / KEY, password=lambda: "")
    leaf = chain.decode("ascii", "replace").partition(PEM_END)[0] + PEM_END
    certificate = ssl.PEM_cert_to_DER_cert(leaf[leaf.index("-----BEGIN CERTIFICATE-----") :])
    context.end_point = end_point(certificate)
    return Certificate(context, dns_names(certificate), stamp, hashlib.sha256(chain + key).digest())


def describe(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{KEY} is not the key of {CHAIN}"
        return f"{CHAIN} and {KEY} are not a certificate chain and its key, in PEM and without a passphrase"
    if isinstance(error, OSError):
        return f"{Path(str(error.filename)).name}: {error.strerror}"
    return f"{CHAIN}: {error}"
