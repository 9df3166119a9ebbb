from django.apps import AppConfig


class ImportingConfig(AppConfig):
    name = "controlpanel.importing"
    label = "importing"
