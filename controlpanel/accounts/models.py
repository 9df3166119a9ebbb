"""Who signs in: one User for operators, domain administrators and owners of mailboxes alike."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


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

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "address"
    EMAIL_FIELD = "address"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address"], name="user_address_taken"),
            models.CheckConstraint(condition=models.Q(address=Lower("address")), name="user_address_lower"),
        ]

    def __str__(self) -> str:
        return self.address


class Throttle(models.Model):
    """Failed sign-ins under one key, shared by the panel and every mail process.

    `key` is `ip:ADDRESS`, `ip:NETWORK/64` or `box:NUMBER`; `until` is when the next try is answered.
    """

    key = models.CharField(primary_key=True, max_length=80)
    failures = models.PositiveIntegerField(default=0)
    last = models.DateTimeField()
    until = models.DateTimeField()
    # Keyed digest of the last wrong secret: a client that repeats it every ten minutes is no attack.
    last_secret = models.BinaryField(max_length=32, default=b"")

    def __str__(self) -> str:
        return self.key
