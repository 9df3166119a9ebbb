"""Learn it: talk to one's own mailbox as one would by telnet on port 110."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from controlpanel.accounts.actor import actor_of
from controlpanel.clientsetup import by_hand
from controlpanel.clientsetup.by_hand import ChangedError, CommandError, Exchange, NotOpenError, Session
from controlpanel.clientsetup.selftest.mail import SignIn
from controlpanel.clientsetup.views.mailbox import standing
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, the_mailbox

NO_STATE, AUTHORIZATION, TRANSACTION, UPDATE = "", "authorization", "transaction", "update"


@dataclass(frozen=True, slots=True)
class Told:
    """What a request leads to: an exchange if one took place, the session to go on with, and why nothing happened."""

    state: str
    exchange: Exchange | None = None
    session: Session | None = None
    trouble: str = ""


@never_cache
@require_http_methods(["GET", "POST"])
def talk(request: HttpRequest, mailbox: int) -> HttpResponse:
    """A GET explains, a POST without a session opens one, a POST with one says its command."""
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    told = _told(request, box) if request.method == "POST" else Told(NO_STATE)
    context: dict[str, Any] = {
        "told": told,
        "token": told.session.token(box.pk) if told.session is not None else "",
        "marks": told.session.marks if told.session is not None else (),
        "typed": request.POST.get("typed", "") if told.trouble else "",
    }
    template = "clientsetup/by_hand_told.html" if getattr(request, "htmx", False) else "clientsetup/by_hand.html"
    return page(request, template, **standing(request, box), **context)


def _told(request: HttpRequest, box: Mailbox) -> Told:
    token = request.POST.get("session", "")
    session = by_hand.read_token(box.pk, token)
    if token and session is None:
        return Told(NO_STATE, trouble=_("This session is too old. Begin again."))
    try:
        command = by_hand.parse(request.POST.get("command") or request.POST.get("typed", "")) if session else ""
        with changes.lent_device_password(box, _("By hand, in the browser"), actor=actor_of(request)) as secret:
            return _exchanged(SignIn(box.address_text, secret), session, command)
    except CommandError as error:
        return Told(TRANSACTION, session=session, trouble=_why(error))
    except ChangedError:
        return Told(
            NO_STATE, trouble=_("Messages were removed meanwhile, so the numbers mean others now. Begin again.")
        )
    except NotOpenError as error:
        words = _("The mail service did not go on: %(why)s.") % {"why": error.why} if error.why else _not_let_in()
        return Told(AUTHORIZATION, Exchange(error.said, None), trouble=words)


def _exchanged(sign_in: SignIn, session: Session | None, command: str) -> Told:
    language = get_language() or "en"
    if session is None:
        exchange = by_hand.begin(sign_in, language)
    else:
        exchange = by_hand.go_on(sign_in, language, session, command)
    return Told(UPDATE if exchange.removed is not None else TRANSACTION, exchange, exchange.session)


def _not_let_in() -> str:
    return _("The mail service did not open the mailbox; its last line says why.")


def _why(error: CommandError) -> str:
    facts = {"command": error.command}
    if error.why == "open":
        return _("%(command)s comes before the sign-in, and the mailbox is open already.") % facts
    if error.why == "argument":
        return _("%(command)s wants a message number, as the list beside says.") % facts
    if error.why == "newer":
        return _("There was no message %(command)s when this session began. Begin again to see what is new.") % facts
    if error.why == "marks":
        return _("One session marks at most %(command)s messages. QUIT removes them, then begin again.") % facts
    return _("That is no command that works here. Try one of those beside.")
