"""Lines that are not safe enough for every name: no TLS where some domain allows that, or an old one."""

from base64 import b64encode

import pytest

from pop3service.pop3 import Peer, Rules, Tls
from pop3service.requests import CheckLine, Login, Reason
from tests.protocol.scripted import CLEAR, NAME, SECRET, Store, Wire, body

PLAIN = b64encode(f"\0{NAME}\0{SECRET}".encode())
OLD = Peer("192.0.2.7", tls=Tls("TLSv1"))


class TestALineThatSomeDomainAllows:
    """Sign-in without TLS, or with an old one, that a domain has allowed until a day."""

    RULES = Rules("mail.example.org", plain_somewhere=True)

    def test_without_tls_passwords_are_announced(self):
        said = body(Wire(rules=self.RULES, peer=CLEAR).send(b"CAPA\r\n")).splitlines()
        assert b"USER" in said
        assert b"SASL SCRAM-SHA-256 PLAIN LOGIN" in said

    @pytest.mark.parametrize(("rules", "peer"), [(RULES, CLEAR), (Rules("mail.example.org"), OLD)])
    def test_a_name_of_it_comes_in(self, rules, peer):
        wire = Wire(Store(instead={CheckLine: None}), rules, peer)
        assert wire.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode()).count(b"+OK") == 2
        assert wire.store.kinds() == [CheckLine, Login]

    @pytest.mark.parametrize(
        ("rules", "peer", "reason", "said"),
        [
            (RULES, CLEAR, Reason.TLS_NEEDED, b"-ERR [SYS/PERM] No password is taken on an unencrypted line"),
            (Rules("mail.example.org"), OLD, Reason.NEWER_TLS_NEEDED, b"-ERR [SYS/PERM] This mailbox needs TLS 1.2"),
        ],
    )
    def test_another_name_is_refused_with_the_remedy_and_its_password_not_looked_at(self, rules, peer, reason, said):
        wire = Wire(Store(instead={CheckLine: reason}), rules, peer)
        assert wire.send(f"USER {NAME}\r\n".encode()).startswith(said)
        assert wire.send(f"PASS {SECRET}\r\n".encode()).startswith(b"-ERR USER comes before")
        assert wire.send(b"AUTH PLAIN " + PLAIN + b"\r\n").startswith(said)
        assert wire.store.asked == [CheckLine("USER", NAME), CheckLine("PLAIN", NAME)]

    def test_a_store_that_is_down_is_no_leave(self):
        wire = Wire(Store(down=CheckLine), self.RULES, CLEAR)
        assert wire.send(f"USER {NAME}\r\n".encode()).startswith(b"-ERR [SYS/TEMP]")

    @pytest.mark.parametrize("peer", [Peer("192.0.2.7", tls=Tls("TLSv1.2")), Peer("127.0.0.1", loopback=True)])
    def test_on_a_safe_line_nobody_asks(self, peer):
        wire = Wire(rules=self.RULES, peer=peer)
        wire.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
        assert wire.store.kinds() == [Login]
