"""The one settings file. What differs between places comes from the environment (see docs/operate/settings.md)."""

import importlib.util
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from controlpanel import environment

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "data"))).resolve()


def kept(name: str) -> str:
    """Return what `make run` keeps in DATA_DIR/NAME, or nothing."""
    try:
        return (DATA_DIR / name).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


DEBUG = environment.flag("DEBUG")
SECRET_KEY_GIVEN = environment.text("SECRET_KEY") or kept("secret_key")
SECRET_KEY = SECRET_KEY_GIVEN or secrets.token_urlsafe(50)  # checks.py refuses to serve with this one

# Names and ports
PUBLIC_HOST = environment.text("PUBLIC_HOST", "localhost")
PANEL_BIND = environment.bind("PANEL_BIND", "127.0.0.1:8000")
POP3_BIND = environment.bind("POP3_BIND", "127.0.0.1:1110")
POP3S_BIND = environment.bind("POP3S_BIND", "127.0.0.1:1995")
LMTP_BIND = environment.bind("LMTP_BIND", "127.0.0.1:2424")
LMTP_NETWORKS = environment.networks("LMTP_NETWORKS", environment.LOOPBACK)
AUTH_BIND = environment.binds("AUTH_BIND")  # where a mail server asks whether a password may send
POLICY_BIND = environment.binds("POLICY_BIND")  # where it asks whether a message may go
AUTH_NETWORKS = environment.networks("AUTH_NETWORKS", environment.LOOPBACK)  # who may ask over TCP
SOCKET_MODE = environment.mode("SOCKET_MODE", "0660")
PROXY_NETWORKS = environment.networks("PROXY_NETWORKS")
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
SPARED_NETWORKS = environment.networks("SPARED_NETWORKS")  # whose wrong passwords are not counted
TLS_DIR = Path(environment.text("TLS_DIR", str(DATA_DIR / "tls")))
PLAIN_TEXT_LOGIN = environment.flag("PLAIN_TEXT_LOGIN")  # POP3 passwords without TLS from outside loopback
SCRAM_PLUS = environment.flag("SCRAM_PLUS")  # binds to tls-server-end-point, not to RFC 9266's tls-exporter
OAUTH_ISSUER = environment.issuer("OAUTH_ISSUER")  # whose tokens open mailboxes, as it stands in their claim iss
OAUTH_AUDIENCE = environment.text("OAUTH_AUDIENCE")  # for whom it made them: aud
OAUTH_CLAIM = environment.text("OAUTH_CLAIM", "email")  # which claim is the mailbox's address
OAUTH_ALL_VERIFIED = environment.flag("OAUTH_ALL_VERIFIED")  # also where a token has no email_verified
OAUTH_JWKS_URL = environment.issuer("OAUTH_JWKS_URL")  # its keys; empty: found by its openid-configuration
if OAUTH_ISSUER and not OAUTH_AUDIENCE:
    raise ImproperlyConfigured("OAUTH_ISSUER wants OAUTH_AUDIENCE: else a token made for any program opens mailboxes.")
OAUTH_DISCOVERY_URL = f"{OAUTH_ISSUER.rstrip('/')}/.well-known/openid-configuration" if OAUTH_ISSUER else ""
MESSAGE_LIMIT = environment.number("MESSAGE_LIMIT", 100 * 2**20, least=64 * 2**10)  # octets, LMTP SIZE
CONNECTIONS = environment.number("CONNECTIONS", 25_000, least=10)  # of one mail process
CONNECTIONS_PER_ADDRESS = environment.number("CONNECTIONS_PER_ADDRESS", 400, least=1)  # an IPv6 /64 is one
UNAUTHENTICATED = environment.number("UNAUTHENTICATED", 5_000, least=1)  # connections that have not signed in yet
UNAUTHENTICATED_PER_ADDRESS = environment.number("UNAUTHENTICATED_PER_ADDRESS", 100, least=1)
SESSIONS_PER_MAILBOX = environment.number("SESSIONS_PER_MAILBOX", 20, least=1)
UVLOOP = environment.flag("UVLOOP")  # if the package is installed
SPAM_HEADER = environment.header("SPAM_HEADER")  # what the mail server marks spam with; empty: nothing is held
SPAM_SUBADDRESS = environment.text("SPAM_SUBADDRESS").lower()  # ana+spam@ with "spam"; empty: none
RELAY_URL = environment.relay("RELAY_URL")  # where our own mail goes; empty: none is sent
MAIL_FROM = environment.text("MAIL_FROM")

# What mail clients are told (clientsetup)
PANEL_URL = environment.web_url(
    "PANEL_URL",
    f"http://localhost:{environment.port(PANEL_BIND)}" if PUBLIC_HOST == "localhost" else f"https://{PUBLIC_HOST}",
)
PUBLIC_POP3_PORT = environment.number("PUBLIC_POP3_PORT", environment.port(POP3_BIND), least=1)  # STLS
PUBLIC_POP3S_PORT = environment.number("PUBLIC_POP3S_PORT", environment.port(POP3S_BIND), least=1)
SUBMISSION_HOST = environment.text("SUBMISSION_HOST")  # where mail clients send; a domain may name its own
SUBMISSION_PORT = environment.number("SUBMISSION_PORT", 465, least=1)
MX_HOSTS = environment.names("MX_HOSTS", PUBLIC_HOST)  # where mail for all domains arrives, the first preferred
PACC_SENDING_KEY = environment.choice("PACC_SENDING_KEY", "submit", "smtp")  # as drafts from -03 on say, or before
CHECKED_HOSTS = environment.names("CHECKED_HOSTS")  # what the panel may connect to beside PUBLIC_HOST
POP3_FROM_PANEL = environment.bind("POP3_FROM_PANEL", POP3_BIND)
PROFILE_CERT = environment.text("PROFILE_CERT")  # files that sign Apple's profiles, read at each download
PROFILE_KEY = environment.text("PROFILE_KEY")

ALLOWED_HOSTS = ["*"]  # panel/hosts.py checks the host against PUBLIC_HOST and the Domain table
ROOT_URLCONF = "controlpanel.urls"
WSGI_APPLICATION = "controlpanel.wsgi.application"

INSTALLED_APPS = [
    "controlpanel.accounts",
    "controlpanel.journal",
    "controlpanel.mailboxes",
    "controlpanel.mailstore",
    "controlpanel.importing",
    "controlpanel.jobs",
    "controlpanel.clientsetup",
    "controlpanel.activity",
    "controlpanel.panel",
    "controlpanel.launcher",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "heroicons",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "controlpanel.clients_address.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "controlpanel.panel.hosts.Hosts",
    "controlpanel.panel.preferences.Preferences",
    "controlpanel.panel.required_factor.RequiredFactor",
    "controlpanel.panel.looking.Looking",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "controlpanel.panel.context.frame",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# The store
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **environment.database(
            environment.text("DATABASE_URL") or kept("database_url") or "postgresql://casilla@127.0.0.1/casilla"
        ),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["controlpanel.mailboxes.authentication.PanelBackend"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "controlpanel.accounts.password_rules.Rules"}]
PASSWORD_HASHERS = [
    "controlpanel.accounts.passwords.Argon2",
    "controlpanel.accounts.passwords.Foreign",
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(TRUSTED_PROXIES)  # without a proxy it serves loopback alone
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # clients_address.py drops what others than proxies say
# allauth sees the address as a user name: it keeps no second list of addresses, and sends no mail.
MFA_ADAPTER = "controlpanel.mailboxes.second_factor.Adapter"
ACCOUNT_ADAPTER = "controlpanel.accounts.allauth_adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "address"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # accounts/throttle.py counts, for the panel and for mail
MFA_RATE_LIMITS = False
# Who needs a second factor to sign in to the panel; a domain may ask it of its owners too.
SECOND_FACTOR_FOR = environment.some_of("SECOND_FACTOR_FOR", frozenset({"operators", "administrators", "owners"}))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "controlpanel.accounts.second_factor.CodeForm",
    "reauthenticate": "controlpanel.accounts.second_factor.CodeAgainForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Casilla"
MFA_TOTP_TOLERANCE = 1  # half a minute that a telephone's clock may be off
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

# Words
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = environment.text("TIME_ZONE", "UTC")

# What the panel writes to stderr; the mail service has its own (pop3service/worker.py)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"casilla": {"format": "%(asctime)s level=%(levelname)s log=%(name)s %(message)s"}},
    "filters": {"no_outage": {"()": "controlpanel.panel.faults.NoOutage"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "casilla"}},
    "loggers": {
        "casilla.panel": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django.request": {"filters": ["no_outage"]},
    },
}

# Files that browsers fetch; Bootstrap comes from a wheel whose own base.html we do not want in INSTALLED_APPS
BOOTSTRAP = importlib.util.find_spec("django_include_bootstrap")
assert BOOTSTRAP is not None, "the wheel django-include-bootstrap is missing"
assert BOOTSTRAP.origin is not None, "the wheel django-include-bootstrap is missing"
STATIC_URL = "static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS: list[Any] = [
    BASE_DIR / "controlpanel" / "static",
    ("bootstrap", Path(BOOTSTRAP.origin).parent / "static"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What a browser may load: our own files, nothing inline
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
CSRF_FAILURE_VIEW = "controlpanel.panel.errors.forged"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the address is unique, by the named constraint user_address_taken
