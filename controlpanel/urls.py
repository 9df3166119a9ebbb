"""Every address of the panel."""

from allauth.account import views as account
from allauth.mfa import urls as second_factor
from allauth.usersessions import views as browsers
from django.urls import URLPattern, URLResolver, include, path

handler400 = "controlpanel.panel.errors.bad_request"
handler403 = "controlpanel.panel.errors.forbidden"
handler404 = "controlpanel.panel.errors.not_found"
handler500 = "controlpanel.panel.errors.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("controlpanel.panel.urls")),
    path("", include("controlpanel.activity.urls")),
    path("", include("controlpanel.clientsetup.urls")),
    path("", include("controlpanel.importing.urls")),
    path("", include("controlpanel.mailboxes.urls")),
    # Of allauth only what is meant: nobody signs up, and passwords change through changes.set_password.
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/second-factor/", include(second_factor)),
    path("account/browsers/", browsers.list_usersessions, name="usersessions_list"),
]
