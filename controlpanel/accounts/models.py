"""Who signs in: one User for operators, domain administrators and owners of mailboxes alike."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts import passwords


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(address=(username or "").lower())

    def create_user(self, address: str, password: str | None = None, **fields: Any) -> "User":
        """Make a User; without a password nobody can sign in as them until an invitation sets one."""
        user = User(address=address, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in to the panel by address and password.

    `password` holds Django's `algorithm$…` form: Argon2, or `foreign$` and a hash as another server wrote it.
    """

    class Theme(models.TextChoices):
        SYSTEM = "", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    address = models.CharField(_("address"), max_length=320)
    name = models.CharField(_("name"), max_length=120, blank=True)
    password = models.CharField(max_length=512)
    is_operator = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=8, blank=True)
    theme = models.CharField(max_length=8, blank=True, choices=Theme)
    time_zone = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    password_changed = models.DateTimeField(null=True)
    second_address = models.CharField(max_length=320, blank=True)  # elsewhere, confirmed: for a forgotten password

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "address"
    EMAIL_FIELD = "address"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address"], name="user_address_taken"),
            models.CheckConstraint(condition=models.Q(address=Lower("address")), name="user_address_lower"),
        ]

    def __str__(self) -> str:
        return self.address

    def set_password(self, raw_password: str | None) -> None:
        """Set the password (none: nobody signs in with one) and the moment, which ends every session before it."""
        super().set_password(raw_password)
        self.password_changed = timezone.now()

    def check_password(self, raw_password: str | None) -> bool:
        """Whether the password is right; one that is kept in an older way is renewed."""
        verdict = passwords.check(self.password, raw_password or "")
        unchanged = User.objects.filter(pk=self.pk, password=self.password)
        if verdict.replacement is not None and unchanged.update(password=verdict.replacement):
            self.password = verdict.replacement
        return verdict.right

    def get_session_auth_hash(self) -> str:
        """Tie sessions to the moment of the last change, not to the hash: a hash renewed at sign-in ends no session."""
        return self._sessions_since(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._sessions_since(secret)

    def _sessions_since(self, secret: str | bytes) -> str:
        moment = self.password_changed.isoformat() if self.password_changed else ""
        return salted_hmac("casilla.session", f"{self.pk} {moment}", secret=secret, algorithm="sha256").hexdigest()


class Throttle(models.Model):
    """Failed sign-ins under one key, shared by the panel and every mail process. The rules are in throttle.py.

    `key` is `ip:NETWORK`, `box:ADDRESS`, or `pair:NETWORK ADDRESS`; NETWORK is an IPv4 address or an IPv6 /64.
    """

    key = models.CharField(primary_key=True, max_length=400)
    failures = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()
    recent = models.BinaryField(max_length=16, default=b"")  # what tells the last wrong secrets apart, oldest first

    class Meta:
        indexes = [models.Index(fields=["last"], name="throttle_last")]

    def __str__(self) -> str:
        return self.key


class KnownNetwork(models.Model):
    """From where a User signed in rightly, to panel or mail: who comes from there is spared the mailbox's delay."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_networks")
    network = models.CharField(max_length=43)
    last = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "network"], name="known_network_twice")]
        indexes = [
            models.Index(fields=["network", "last"], name="known_network_last"),
            models.Index(fields=["last"], name="known_network_old"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} from {self.network}"
