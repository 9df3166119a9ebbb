"""Compare the records that a domain should publish with what the DNS says, in plain words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlpanel.clientsetup.dns_records import Reason, Record
from controlpanel.clientsetup.selftest.findings import Verdict
from controlpanel.clientsetup.selftest.lookups import Answers, Question, UnansweredError, address_questions
from controlpanel.clientsetup.selftest.reach import own_hosts, resolved
from controlpanel.clientsetup.selftest.reach import questions as own_questions

HOST_KINDS = frozenset({"CNAME", "A", "AAAA"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A record, and what the DNS has in its place. Without a look at the DNS there is no verdict."""

    record: Record
    verdict: Verdict | None = None
    words: str = ""
    found: tuple[str, ...] = ()


def questions(records: Sequence[Record]) -> list[Question]:
    """Return what to ask the DNS before `judge`."""
    asked = [question for record in records for question in _questions(record)]
    return [*own_questions(), *asked]


def _questions(record: Record) -> list[Question]:
    return address_questions(record.name) if record.type in HOST_KINDS else [(record.name, record.type)]


def judge(record: Record, answers: Answers) -> Judged:
    try:
        return _JUDGES[_kind(record)](record, answers)
    except UnansweredError:
        return Judged(record, Verdict.UNKNOWN, _("No name server answered; that says nothing of the record."))


def _kind(record: Record) -> str:
    return "host" if record.type in HOST_KINDS else record.type


def _mx(record: Record, answers: Answers) -> Judged:
    found = answers.get(record.name, "MX")
    hosts = [value.partition(" ")[2].lower() for value in found]
    wanted = record.value.partition(" ")[2]
    if wanted in hosts:
        return _published(record, found)
    if not hosts:
        return _missing(record, Verdict.WRONG, _("Not there: mail to the domain does not arrive."))
    words = _("Mail to the domain goes to another server.")
    return Judged(record, Verdict.WRONG, words, tuple(found))


def _srv(record: Record, answers: Answers) -> Judged:
    found = answers.get(record.name, "SRV")
    if any(_target(value) == _target(record.value) for value in found):
        return _published(record, found)
    nobody = _target(record.value)[1] == "."
    words: str
    if not found:
        words = _("Not there. Nothing breaks; some mail clients look for longer.") if nobody else _("Not there yet.")
        return _missing(record, Verdict.ATTENTION, words)
    if nobody:
        words = _("The DNS still names a server for this, perhaps an old one: mail clients will go there.")
    else:
        words = _("The DNS names another server or port.")
    return Judged(record, Verdict.WRONG, words, tuple(found))


def _target(value: str) -> tuple[str, str]:
    """Return port and host of an SRV value; a port means nothing where no host is named."""
    _priority, _weight, port, host = value.lower().split(" ", 3)
    return ("", host) if host == "." else (port, host)


def _host(record: Record, answers: Answers) -> Judged:
    found = answers.addresses(record.name)
    if not found:
        return _missing(record, Verdict.ATTENTION, _("Not there yet: mail clients cannot find their settings by it."))
    own = {address for host in own_hosts() for address in _addresses(host, answers)}
    if own & set(found):
        return _published(record, found)
    return Judged(record, Verdict.WRONG, _("It points to another machine."), tuple(found))


def _addresses(host: str, answers: Answers) -> list[str]:
    try:
        return resolved(host, answers)
    except UnansweredError:
        return []


def _txt(record: Record, answers: Answers) -> Judged:
    texts = [joined(value) for value in answers.get(record.name, "TXT")]
    wanted = joined(record.value)
    start = wanted.partition(";")[0].partition(" ")[0]
    found = [text for text in texts if text.lower().startswith(start.lower())]
    if record.reason is Reason.SENDERS and len(found) > 1:
        words = _("There are two SPF records, so neither counts: make one of them.")
        return Judged(record, Verdict.WRONG, words, tuple(found))
    if wanted in found or any(_same_tags(wanted, text) for text in found):
        return _published(record, found)
    if not found:
        return _missing(record, *_ABSENT[record.reason])
    verdict, otherwise = _OTHERWISE[record.reason]
    return Judged(record, verdict, str(otherwise), tuple(found))


def joined(value: str) -> str:
    """Return the text of a TXT value in presentation form: its character-strings, put together."""
    pieces, inside, escaped = [], False, False
    for char in value:
        if escaped:
            pieces.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            inside = not inside
        elif inside:
            pieces.append(char)
    return "".join(pieces)


def _same_tags(one: str, other: str) -> bool:
    """Whether two lists of tag=value say the same, whatever their blanks (RFC 6376 section 3.2)."""
    return "=" in one and ";" in one and _tags(one) == _tags(other)


def _tags(text: str) -> dict[str, str]:
    pairs = (tag.strip().partition("=") for tag in text.split(";") if tag.strip())
    return {name.strip(): value.replace(" ", "") for name, _equals, value in pairs}


def _published(record: Record, found: Sequence[str]) -> Judged:
    return Judged(record, Verdict.OK, _("Published."), tuple(found))


def _missing(record: Record, verdict: Verdict, words: object) -> Judged:
    return Judged(record, verdict, str(words))


_JUDGES: dict[str, Callable[[Record, Answers], Judged]] = {"MX": _mx, "SRV": _srv, "TXT": _txt, "host": _host}
_ABSENT = {
    Reason.SENDERS: (Verdict.ATTENTION, gettext_lazy("Not there: anybody may send in the domain's name.")),
    Reason.POLICY: (Verdict.ATTENTION, gettext_lazy("Not there: some receivers trust the domain less.")),
    Reason.SIGNATURE: (Verdict.WRONG, gettext_lazy("Not there: receivers cannot check what the domain signs.")),
    Reason.PACC_DIGEST: (Verdict.ATTENTION, gettext_lazy("Not there: mail clients do not believe the document.")),
}
_OTHERWISE = {
    Reason.SENDERS: (Verdict.ATTENTION, gettext_lazy("There is another one. See whether it names the same senders.")),
    Reason.POLICY: (Verdict.OK, gettext_lazy("There is a policy of its own.")),
    Reason.SIGNATURE: (Verdict.WRONG, gettext_lazy("There is another key under this selector.")),
    Reason.PACC_DIGEST: (Verdict.WRONG, gettext_lazy("It vouches for other settings than these.")),
}
