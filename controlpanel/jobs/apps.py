from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "controlpanel.jobs"
    label = "jobs"
