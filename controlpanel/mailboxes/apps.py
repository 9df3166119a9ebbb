from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    name = "controlpanel.mailboxes"
    label = "mailboxes"
