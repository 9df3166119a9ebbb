"""The one exception of the launcher."""


class LauncherError(Exception):
    """What keeps Casilla from starting or running, in one line for the person at the terminal."""
