"""`python -m controlpanel.launcher.health panel|mail`: ends with 0 if that service answers, for containers."""

import sys

from django.core.exceptions import ImproperlyConfigured

from controlpanel.launcher import ports

LISTENERS = {"panel": ("PANEL_BIND",), "mail": ("POP3_BIND", "POP3S_BIND", "LMTP_BIND")}


def silent(service: str) -> list[str]:
    """The listeners of a service that do not answer, each as NAME HOST:PORT."""
    from controlpanel import settings

    binds = {name: str(getattr(settings, name)) for name in LISTENERS[service]}
    return [f"{name} {bind}" for name, bind in binds.items() if not ports.PROBES[name](ports.reachable(bind))]


if __name__ == "__main__":
    try:
        problems = silent(sys.argv[1])
    except ImproperlyConfigured as error:
        problems = [str(error)]
    sys.exit("; ".join(problems) or 0)
