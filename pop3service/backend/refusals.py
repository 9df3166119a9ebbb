"""What a client is told where policy refuses a sign-in."""

from controlpanel.mailboxes.sign_in import Refusal
from pop3service.requests import Code, Reason, Refused

# [AUTH] has a client ask its owner for the password again, so it stands only where another password helps (RFC 3206).
REFUSED = {
    Refusal.WRONG: Refused(Code.AUTH, Reason.WRONG_PASSWORD),
    Refusal.DEVICE_PASSWORD_NEEDED: Refused(Code.AUTH, Reason.DEVICE_PASSWORD_NEEDED),
    Refusal.DEVICE_PASSWORD_EXPIRED: Refused(Code.AUTH, Reason.DEVICE_PASSWORD_EXPIRED),
    Refusal.DEVICE_PASSWORD_PURPOSE: Refused(Code.AUTH, Reason.DEVICE_PASSWORD_PURPOSE),
    Refusal.NETWORK_NOT_ALLOWED: Refused(Code.AUTH, Reason.NETWORK_NOT_ALLOWED),
    Refusal.SUSPENDED: Refused(Code.SYS_PERM, Reason.SUSPENDED),
    Refusal.CLOSED: Refused(Code.SYS_PERM, Reason.SUSPENDED),
    Refusal.POP3_OFF: Refused(Code.SYS_PERM, Reason.POP3_OFF),
    Refusal.MAY_NOT_SEND: Refused(Code.SYS_PERM, Reason.MAY_NOT_SEND),
    Refusal.TLS_NEEDED: Refused(Code.SYS_PERM, Reason.TLS_NEEDED),
    Refusal.NEWER_TLS_NEEDED: Refused(Code.SYS_PERM, Reason.NEWER_TLS_NEEDED),
}
SCRAM_FAILED = Refused(Code.AUTH, Reason.SCRAM_FAILED)
TOKEN_REFUSED = Refused(Code.AUTH, Reason.TOKEN_REFUSED)
OVERLOADED = Refused(Code.SYS_TEMP, Reason.OVERLOADED)
TOO_MANY_SESSIONS = Refused(Code.IN_USE, Reason.TOO_MANY_SESSIONS)


def throttled(seconds: float) -> Refused:
    return Refused(Code.SYS_TEMP, Reason.THROTTLED, _whole(seconds))


def in_use(seconds: float) -> Refused:
    return Refused(Code.IN_USE, Reason.IN_USE, _whole(seconds))


def login_delay(seconds: float) -> Refused:
    return Refused(Code.LOGIN_DELAY, Reason.LOGIN_DELAY, _whole(seconds))


def _whole(seconds: float) -> int:
    return max(1, -int(-seconds // 1))
