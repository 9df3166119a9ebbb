from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "controlpanel.journal"
    label = "journal"
