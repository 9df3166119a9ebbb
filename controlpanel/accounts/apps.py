from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest


class AccountsConfig(AppConfig):
    name = "controlpanel.accounts"
    label = "accounts"

    def ready(self) -> None:
        from controlpanel import checks  # registers itself  # noqa: F401

        user_logged_in.connect(_remember_network)


def _remember_network(sender: Any, request: HttpRequest | None, user: Any, **_others: Any) -> None:
    """A sign-in is right once every factor is: then its network is known, and its own failures are taken back."""
    from controlpanel.accounts import throttle
    from controlpanel.clients_address import client_address

    network = throttle.network_of(client_address(request) if request else None)
    throttle.record_successes([throttle.Success(network, user.address, user.pk)])
