"""What `make run` says when all is there: what to open, whom to sign in as, and how to fetch a message."""

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from controlpanel.launcher.demo import PASSWORDS, Person
from controlpanel.launcher.ports import reachable


def words(data: Path, binds: dict[str, str], people: Sequence[Person], seconds: float) -> str:
    """The closing words. Passwords are in them only when they were just made; later the file has them."""
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
        *_sign_in(data, people),
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def _sign_in(data: Path, people: Sequence[Person]) -> list[str]:
    if not people:
        return []
    width = max(len(person.address) for person in people)
    lines = [f"  {person.role:<14} {person.address:<{width}}  {person.new_password}".rstrip() for person in people]
    return ["  Sign in as", *lines, f"  Passwords are kept in {relpath(data / PASSWORDS)}", ""]


def _place(bind: str) -> str:
    host, port = reachable(bind)
    if host in ("127.0.0.1", "::1"):
        return f"localhost:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
