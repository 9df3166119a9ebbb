"""A list of people becomes mailboxes: pasted, looked at, made, and a slip to hand to each."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, people_lists
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.listed import ListForm
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.people_lists import Listed
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views import slips
from controlpanel.mailboxes.views.standing import page, the_domain


@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, domain: str) -> HttpResponse:
    """The first POST shows what each line becomes; one that says `make` makes them, if no line has a fault."""
    there = the_domain(request, domain, Act.CREATE_MAILBOX)
    form = ListForm(request.POST or None, domain=there)
    people: list[Listed] = []
    if form.is_valid():
        people = people_lists.read(form.cleaned_data["people"], there.name)
        with refusals_beside(form):
            try:
                if "make" in request.POST:
                    return _made(request, there, form, people)
                people = changes.check_list(there, people, actor=actor_of(request), quota=form.asked_quota())
            except changes.ListRefused as refused:
                people = refused.people
                raise
    ready = [each for each in people if not each.sentence]
    return page(
        request,
        "mailboxes/list_new.html",
        "domain-mailboxes",
        domain=there,
        form=form,
        people=people,
        ready=len(ready),
        faults=len(people) - len(ready),
    )


def _made(request: HttpRequest, domain: Domain, form: ListForm, people: list[Listed]) -> HttpResponse:
    made = changes.create_mailboxes(domain, people, actor=actor_of(request), quota=form.asked_quota())
    return slips.printable(request, made, domain, made=True)
