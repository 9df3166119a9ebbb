"""gunicorn's settings for the mail service: `gunicorn --config python:pop3service.gunicorn_mail`.

One process: on two cores two were slower. The listeners are matched to what is served on them by address.
"""

import sys

from django.core.exceptions import ImproperlyConfigured

try:
    from controlpanel import settings
except ImproperlyConfigured as error:
    sys.exit(f"Casilla: {error}")
if not settings.SECRET_KEY_GIVEN:
    sys.exit("Casilla: SECRET_KEY is not set. Set it to 50 random signs, the same for every process.")

wsgi_app = "pop3service.worker"  # gunicorn wants one named; the worker loads none
bind = [settings.POP3_BIND, settings.POP3S_BIND, settings.LMTP_BIND, *settings.AUTH_BIND, *settings.POLICY_BIND]
umask = 0o777 & ~settings.SOCKET_MODE  # of sockets in the file system: the listeners make no other files
worker_class = "pop3service.worker.Worker"
workers = 1
timeout = 60
graceful_timeout = 30
control_socket_disable = True
