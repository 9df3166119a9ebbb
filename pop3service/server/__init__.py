"""Sockets, clocks and flow control around the protocols that know none of these."""

from pop3service.server.limits import Limits
from pop3service.server.ports import Service
from pop3service.server.serving import Server

__all__ = ["Limits", "Server", "Service"]
