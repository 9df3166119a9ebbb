"""Pure: lists of mailboxes as Dovecot, cPanel and Modoboa keep them, without headings."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from controlpanel.importing.entries import Entry

Reader = Callable[[str], tuple[list[Entry], list[str]]]

# user:password:uid:gid:gecos:home:shell:extra fields (Dovecot's passwd-file; the first two of shadow(5) are the same)
_PASSWD = re.compile(r"[^:;,\s]+:(?:\{[A-Za-z0-9.-]+\}|\$|[!*x]|:|$|[./0-9A-Za-z]{13}:)")
_RULE = re.compile(r"quota_rule\w*=\*:(?P<kind>bytes|storage)=(?P<number>\d+)(?P<unit>[BKMGT]?)", re.I | re.A)
_SIZE = re.compile(r"quota_storage_size=(?P<number>\d+)(?P<unit>[BKMGT]?)", re.I | re.A)
_MODOBOA = ("account", "alias", "forward", "dlist", "domain", "domainalias", "relaydomain")
NO_PASSWORD = ("", "!", "*", "x", "!!", "*LK*", "NP")


def reader(first: str) -> Reader | None:
    """Return what reads a file that begins with the line `first`; None where it has headings."""
    if first.partition(";")[0].strip().lower() in _MODOBOA and ";" in first:
        return read_modoboa
    return read_passwd if _PASSWD.match(first) else None


def read_passwd(text: str) -> tuple[list[Entry], list[str]]:
    """A password without a scheme is a hash by crypt, as Dovecot takes it by default."""
    return [
        Entry(number, _passwd(line))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ], []


def _passwd(line: str) -> dict[str, str]:
    user, _colon, rest = line.strip().partition(":")
    # The address itself may be all there is; an {SSHA512} or $6$ has no colon in it.
    parts = rest.split(":")
    password = parts[0]
    values = {"address": user, "quota": _quota(line)}
    if password not in NO_PASSWORD and not password.startswith(("!", "*")):
        values["password" if password.startswith("{") else "hash"] = password
    if len(parts) > 3 and not parts[3].isdigit():
        values["name"] = parts[3].partition(",")[0]
    return {ours: value for ours, value in values.items() if value}


def _quota(line: str) -> str:
    rule = _RULE.search(line)
    if rule is not None:
        unit = rule["unit"] or ("K" if rule["kind"].lower() == "storage" else "")
        return f"{rule['number']} {unit}".strip()
    size = _SIZE.search(line)
    return f"{size['number']} {size['unit']}".strip() if size else ""


def read_modoboa(text: str) -> tuple[list[Entry], list[str]]:
    """`account; login; password; first; last; enabled; role; address; megabytes; …` and `alias; address; enabled; to`.

    An alias of one of these accounts alone goes with it; other lines are told as unread.
    """
    accounts: dict[str, Entry] = {}
    aliases: defaultdict[str, list[str]] = defaultdict(list)
    unread = []
    for number, cells in _modoboa_lines(text):
        kind = cells[0].lower()
        if kind == "account" and len(cells) > 8:
            accounts[(cells[7] or cells[1]).lower()] = Entry(number, _account(cells))
        elif kind == "alias" and len(cells) == 4:
            aliases[cells[3].lower()].append(cells[1])
        else:
            unread.append(f"{number}: {'; '.join(cells[:2])}"[:200])
    for target, names in aliases.items():
        if target in accounts:
            accounts[target].values["aliases"] = " ".join(names)
        else:
            unread += [f"alias; {name}"[:200] for name in names]
    return list(accounts.values()), unread


def _modoboa_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, [cell.strip().strip('"') for cell in line.split(";")]


def _account(cells: list[str]) -> dict[str, str]:
    _kind, login, password, first, last, _enabled, _role, address, quota = cells[:9]
    megabytes = f"{quota} MB" if quota.isdigit() and int(quota) else "none" if quota == "0" else ""
    values = {
        "address": address or login,
        "password": password,
        "name": f"{first} {last}".strip(),
        "quota": megabytes,
    }
    return {ours: value for ours, value in values.items() if value}
