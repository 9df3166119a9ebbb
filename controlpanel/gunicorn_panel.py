"""gunicorn's settings for the panel: `gunicorn --config python:controlpanel.gunicorn_panel`.

The number of processes comes from WEB_CONCURRENCY, as gunicorn itself has it.
"""

import os
import sys

from django.core.exceptions import ImproperlyConfigured

try:
    from controlpanel import checks, settings

    checks.fit_to_serve(settings)
except ImproperlyConfigured as error:
    sys.exit(f"Casilla: {error}")

wsgi_app = "controlpanel.wsgi:application"
bind = settings.PANEL_BIND
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 60
graceful_timeout = 30
forwarded_allow_ips = ",".join(map(str, settings.TRUSTED_PROXIES))
# By default a socket in the home folder, which the unprivileged user does not have.
control_socket_disable = True
