from django.apps import AppConfig


class ClientsetupConfig(AppConfig):
    name = "controlpanel.clientsetup"
    label = "clientsetup"
