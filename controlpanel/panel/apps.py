from django.apps import AppConfig


class PanelConfig(AppConfig):
    name = "controlpanel.panel"
    label = "panel"
