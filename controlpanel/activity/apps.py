from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "controlpanel.activity"
    label = "activity"
