from django.apps import AppConfig


class MailstoreConfig(AppConfig):
    name = "controlpanel.mailstore"
    label = "mailstore"

    def ready(self) -> None:
        from controlpanel.mailboxes.signals import sign_in_ended
        from controlpanel.mailstore.ending import end_sessions_of

        sign_in_ended.connect(end_sessions_of)
