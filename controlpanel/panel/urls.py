"""The frame's own addresses: the first page, search, choices, the person's account, health."""

from django.urls import path

from controlpanel.panel import (
    account,
    forgotten,
    health,
    invitation,
    looking,
    operators,
    preferences,
    required_factor,
    service,
    views,
)

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("preferences/", preferences.choose, name="preferences"),
    path("account/", account.show, name="account"),
    path("account/password/", account.change_password, name="account_change_password"),
    path("account/password/strength/", account.strength, name="password-strength"),
    path("account/second-address/", forgotten.second_address, name="second-address"),
    path("account/second-address/confirm/<str:token>/", forgotten.confirm, name="second-address-confirm"),
    path("account/second-factor-needed/", required_factor.needed, name="second-factor-needed"),
    path("mailboxes/<int:mailbox>/look/", looking.begin, name="look-begin"),
    path("looking/end/", looking.end, name="look-end"),
    path("sign-in/forgotten/", forgotten.forgotten, name="forgotten"),
    path("invitation/<str:token>/", invitation.accept, name="invitation"),
    path("service/", service.show, name="service"),
    path("service/slowed/clear/", service.clear_slowed, name="clear-slowed"),
    path("service/operators/", operators.every, name="operators"),
    path("service/operators/new/", operators.appoint, name="operator-new"),
    path("service/operators/<int:operator>/dismiss/", operators.dismiss, name="operator-dismiss"),
    path("health", health.health, name="health"),
]
