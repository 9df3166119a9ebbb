"""What `make run` says when all is there: what to open, whom to sign in as, and how to fetch a message."""

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from controlpanel.launcher.demo import PASSWORDS, Person, curl_settings
from controlpanel.launcher.ports import reachable


def words(data: Path, tls_dir: Path, binds: dict[str, str], people: Sequence[Person], seconds: float) -> str:
    """The closing words. `people` are those of the demo, none where there is no demo."""
    place = {name: _place(bind) for name, bind in binds.items()}
    lines = [
        "",
        f"Casilla is ready, after {seconds:.1f} s.",
        "",
        f"  Open           http://{place['PANEL_BIND']}",
        f"  POP3           {place['POP3_BIND']} (STLS)",
        f"  POP3 over TLS  {place['POP3S_BIND']}",
        f"  LMTP           {place['LMTP_BIND']}",
        "",
        *(_sign_in(data, people) + _fetch(data, tls_dir, place) if people else []),
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def _sign_in(data: Path, people: Sequence[Person]) -> list[str]:
    """Passwords are shown by the start that made them, and never again."""
    width = max(len(person.address) for person in people)
    lines = [
        f"  {person.role:<13}  {person.address:<{width}}  {person.password if person.new else ''}".rstrip()
        for person in people
    ]
    return ["  Sign in as", *lines, f"  (the passwords are kept in {relpath(data / PASSWORDS)})", ""]


def _fetch(data: Path, tls_dir: Path, place: dict[str, str]) -> list[str]:
    """With a certificate for other names than localhost, loopback needs no TLS."""
    chain = tls_dir / "localhost" / "fullchain.pem"
    url = f"pop3s://{place['POP3S_BIND']}/1" if chain.exists() else f"pop3://{place['POP3_BIND']}/1"
    return ["  Fetch a message", f"  curl -K {relpath(curl_settings(data, chain))} {url}", ""]


def _place(bind: str) -> str:
    host, port = reachable(bind)
    if host in ("127.0.0.1", "::1"):
        return f"localhost:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
