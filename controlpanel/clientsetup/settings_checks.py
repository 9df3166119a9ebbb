"""Settings that no mail client could be told, found before the start."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error

from controlpanel.clientsetup import apple, profile_key
from controlpanel.clientsetup.service import DescriptionError, Server


def faults(settings: Any) -> Iterator[CheckMessage]:
    """Everything that is wrong with what clients are told, and with what signs profiles."""
    yield from _submission(settings)
    yield from _profiles(settings)


def _submission(settings: Any) -> Iterator[CheckMessage]:
    try:
        if settings.SUBMISSION_HOST:
            Server(settings.SUBMISSION_HOST, settings.SUBMISSION_PORT)
    except DescriptionError as error:
        yield Error(f"SUBMISSION_HOST: {error}", "It looks like smtp.example.org.", id="casilla.E020")


def _profiles(settings: Any) -> Iterator[CheckMessage]:
    if bool(settings.PROFILE_CERT) != bool(settings.PROFILE_KEY):
        yield Error(
            "Of PROFILE_CERT and PROFILE_KEY one is set.",
            "Set both, or neither: then profiles are not signed.",
            id="casilla.E021",
        )
        return
    try:
        found = profile_key.pair(settings)
        if found is not None:
            apple.sign(b"", *found)
    except OSError as error:
        yield Error(
            f"PROFILE_CERT or PROFILE_KEY: {error.filename} cannot be read ({error.__class__.__name__}).",
            "The panel's user has to be able to read both files.",
            id="casilla.E022",
        )
    except apple.SigningError as error:
        yield Error(str(error), "See PROFILE_CERT and PROFILE_KEY.", id="casilla.E023")
