"""What LMTP says when it is not asked: English and ASCII, for a mail server's log."""

from pop3service.signals import Farewell

FOREIGN_PEER = b"554 5.7.1 Mail is taken from named networks only\r\n"
LAST_WORDS = {
    Farewell.IDLE: "421 4.4.2 Nothing came for too long",
    Farewell.SHUTDOWN: "421 4.3.2 The service is restarting",
    Farewell.ENDED: "421 4.3.2 The session was ended",
    Farewell.TAKEN_OVER: "421 4.3.2 The session was ended",
    Farewell.TOO_MANY_CONNECTIONS: "421 4.7.0 Too many connections",
    Farewell.FAULT: "421 4.3.0 Something failed here",
}
