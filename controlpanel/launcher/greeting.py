"""What `make run` says when all is there: what to open, whom to sign in as, and how to fetch a message."""

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from controlpanel.launcher.demo import PASSWORDS, Person
from controlpanel.launcher.ports import reachable


def words(binds: dict[str, str], seconds: float, demo: Sequence[str] = ()) -> str:
    """The closing words; `demo` are the lines about the demo, where there is one."""
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
        *demo,
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def about_demo(data: Path, people: Sequence[Person], curl_settings: Path, pop3s: str) -> list[str]:
    """Whom to sign in as, and the line that fetches a message. Passwords are shown by the start that made them."""
    width = max(len(person.address) for person in people)
    signs_in = [
        f"  {person.role:<13}  {person.address:<{width}}  {person.password if person.new else ''}".rstrip()
        for person in people
    ]
    return [
        "  Sign in as",
        *signs_in,
        f"  (the passwords are kept in {relpath(data / PASSWORDS)})",
        "",
        "  Fetch a message",
        f"  curl -K {relpath(curl_settings)} pop3s://{_place(pop3s)}/1",
        "",
    ]


def _place(bind: str) -> str:
    host, port = reachable(bind)
    if host in ("127.0.0.1", "::1"):
        return f"localhost:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
