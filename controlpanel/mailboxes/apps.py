from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    name = "controlpanel.mailboxes"
    label = "mailboxes"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from controlpanel.mailboxes.second_factor import note_at_sign_in

        user_logged_in.connect(note_at_sign_in)
