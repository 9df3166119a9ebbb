from django.apps import AppConfig


class MailstoreConfig(AppConfig):
    name = "controlpanel.mailstore"
    label = "mailstore"
