"""A guide as plain text, to print, to send or to copy. No password is ever in it."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from django.utils.translation import gettext as _

from controlpanel.clientsetup.clients import Guide, Screen
from controlpanel.clientsetup.service import Person, ServiceDescription


def in_words(guide: Guide, service: ServiceDescription, person: Person | None, *, existing: bool) -> str:
    """Return the guide in the reader's language, LF line ends."""
    whom = person.address if person is not None else service.name
    steps, screens = (guide.existing, guide.existing_screens) if existing else (guide.steps, guide.screens)
    title = _("%(client)s: mail for %(whom)s") % {"client": guide.name, "whom": whom}
    lines = [title, "", *_numbered(steps), "", *_values(screens)]
    lines += [
        _("Mail on the server"),
        str(guide.default),
        *([str(guide.setting)] if guide.to_set or guide.to_set_by_hand or existing else []),
    ]
    lines += ["", *(str(caveat) for caveat in guide.caveats)]
    return "\n".join(lines).strip() + "\n"


def mail_link(subject: str, text: str) -> str:
    """Return the mailto: address that opens a new message with the text (RFC 6068: line ends are CRLF)."""
    body = quote(text.replace("\n", "\r\n"), safe="")
    return f"mailto:?subject={quote(subject, safe='')}&body={body}"


def _numbered(steps: Sequence[object]) -> Iterator[str]:
    return (f"{number}. {step}" for number, step in enumerate(steps, 1))


def _values(screens: Sequence[Screen]) -> Iterator[str]:
    for screen in screens:
        yield str(screen.title)
        yield from (f"  {field.label}: {field.value}" for field in screen.fields)
        yield ""
