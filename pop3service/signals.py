"""What a protocol without I/O tells its driver, and the reasons for which the driver ends a session: POP3 and LMTP."""

from enum import Enum, auto


class Signal(Enum):
    NEED_DATA = auto()
    START_TLS = auto()
    CLOSE = auto()


NEED_DATA, START_TLS, CLOSE = Signal


class Farewell(Enum):
    IDLE = auto()
    SHUTDOWN = auto()
    ENDED = auto()  # from the control panel
    TAKEN_OVER = auto()  # another session wanted the maildrop for itself, and this one was idle
    TOO_MANY_CONNECTIONS = auto()
    FAULT = auto()  # ours, not the client's
