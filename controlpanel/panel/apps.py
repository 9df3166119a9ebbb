from django.apps import AppConfig


class PanelConfig(AppConfig):
    name = "controlpanel.panel"
    label = "panel"

    def ready(self) -> None:
        from controlpanel.panel import faults

        faults.watch()
