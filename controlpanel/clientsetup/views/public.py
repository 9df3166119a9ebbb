"""A domain's help page, without signing in: how to set up each mail client, in the domain's name and colour."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from controlpanel.clientsetup import clients, colours, platforms
from controlpanel.clientsetup.client_facts import Client
from controlpanel.clientsetup.description import help_url, service_of, setup_of
from controlpanel.clientsetup.hosts import domain_of, find_domain
from controlpanel.clientsetup.in_words import in_words, mail_link
from controlpanel.clientsetup.service import LANGUAGES
from controlpanel.mailboxes.models import Domain

HOUR = 3600


@login_not_required
@require_safe
def start(request: HttpRequest, domain: str) -> HttpResponse:
    """Lead to the page in the reader's language."""
    spoken = translation.get_language() or ""
    return redirect("help-in", _found(domain).name, spoken if spoken in LANGUAGES else LANGUAGES[0])


@login_not_required
@require_safe
def clients_of(request: HttpRequest, domain: str, language: str) -> HttpResponse:
    found = _found(domain)
    chosen = platforms.chosen(request)
    with translation.override(language):
        context = {"chips": platforms.CHIPS, "chosen": chosen, "clients": platforms.clients_on(chosen)}
        return _page(request, "clientsetup/public_clients.html", found, language, **context)


@login_not_required
@require_safe
def client(request: HttpRequest, domain: str, language: str, client: Client) -> HttpResponse:
    found = _found(domain)
    with translation.override(language):
        service = service_of(found)
        guide = clients.guide(client, service)
        existing = "existing" in request.GET
        text = in_words(guide, service, None, existing=existing)
        return _page(
            request,
            "clientsetup/public_client.html",
            found,
            language,
            guide=guide,
            nothing_twice=clients.NOTHING_TWICE,
            existing=existing,
            as_text=text,
            mail_link=mail_link(str(guide.name), text),
        )


@login_not_required
@require_safe
@cache_control(max_age=HOUR, public=True)
def colour(request: HttpRequest, domain: str) -> HttpResponse:
    """The domain's colour as a style sheet; a page may hold no style of its own (Content-Security-Policy)."""
    chosen = colours.read(setup_of(_found(domain)).colour)
    return HttpResponse("" if chosen is None else colours.style_sheet(chosen), content_type="text/css; charset=utf-8")


def _found(name: str) -> Domain:
    domain = find_domain(domain_of(f"x@{name}"))
    if domain is None:
        raise Http404
    return domain


def _page(request: HttpRequest, template: str, domain: Domain, language: str, **context: object) -> HttpResponse:
    others = [(code, help_url(domain.name, code)) for code in LANGUAGES]
    own = {"domain": domain, "service": service_of(domain), "language": language, "others": others}
    response = render(request, template, {**own, **context, "LANGUAGE_CODE": language})
    response["Content-Language"] = language
    return response
