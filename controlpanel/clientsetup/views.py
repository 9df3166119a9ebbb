"""The set-up page: what to type into which mail client, and what that client does to mail on the server."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from controlpanel.clientsetup import clients, here
from controlpanel.clientsetup.client_facts import Client
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, the_mailbox


@require_safe
def show(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    asked = request.GET.get("show", "")
    client = Client(asked) if asked in list(Client) else Client.THUNDERBIRD
    return page(
        request,
        "clientsetup/guide.html",
        "mailbox-setup",
        own=box,
        guide=clients.guide(client, here.description(box.domain), here.person(box)),
        chips=[(each.value, facts.name) for each, facts in clients.TABLE.items()],
        chosen=client.value,
    )
