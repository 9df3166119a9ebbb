from django.apps import AppConfig


class LauncherConfig(AppConfig):
    name = "controlpanel.launcher"
    label = "launcher"
