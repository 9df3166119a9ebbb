"""From the greeting to the open maildrop: what is announced, what is taken, what is refused and why."""

from base64 import b64encode
from dataclasses import replace

import pytest

from pop3service.pop3 import CLOSE, NEED_DATA, START_TLS, Peer, Rules, Tls
from pop3service.requests import CheckLine, Code, LoggedIn, Login, Reason, Refused, TokenLogin
from pop3service.words import Text
from tests.protocol.scripted import CLEAR, LOOPBACK, NAME, SECRET, Store, Wire, body, logged_in

RULES = Rules("mail.example.org")
ALL = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN")
TLS = Peer("192.0.2.7", tls=Tls("TLSv1.3", b"hash of the certificate"))
PLAIN = b64encode(f"\0{NAME}\0{SECRET}".encode())


def capabilities(wire):
    return body(wire.send(b"CAPA\r\n")).decode().splitlines()


def test_greets_once_without_a_timestamp():
    wire = Wire(greeted=False)
    greeting = wire.send(b"")
    assert greeting == b"+OK mail.example.org is ready for POP3.\r\n"
    assert b"<" not in greeting
    assert wire.send(b"") == b""


class TestCapa:
    COMMON = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"]
    LAST = ["EXPIRE NEVER", "UTF8 USER", "LANG", "IMPLEMENTATION Casilla"]

    def test_in_clear(self):
        assert capabilities(Wire(peer=CLEAR)) == [*self.COMMON, "SASL SCRAM-SHA-256", "STLS", *self.LAST]

    def test_in_clear_without_a_certificate_or_scram(self):
        rules = replace(RULES, stls=False, mechanisms=("PLAIN",))
        assert capabilities(Wire(rules=rules, peer=CLEAR)) == [*self.COMMON, *self.LAST]

    @pytest.mark.parametrize("rules", [RULES, replace(RULES, plain_login=True)])
    def test_where_passwords_may_be_sent(self, rules):
        peer = CLEAR if rules.plain_login else LOOPBACK
        everything = [*self.COMMON, "USER", "SASL SCRAM-SHA-256 PLAIN LOGIN", "STLS", *self.LAST]
        assert capabilities(Wire(rules=rules, peer=peer)) == everything

    def test_under_tls(self):
        everything = [*self.COMMON, "USER", "SASL SCRAM-SHA-256 PLAIN LOGIN", *self.LAST]
        assert capabilities(Wire()) == everything
        wire = Wire(peer=CLEAR)
        wire.start_tls()
        assert capabilities(wire) == everything

    def test_plus_needs_a_binding(self):
        rules = replace(RULES, mechanisms=ALL)
        assert f"SASL {' '.join(ALL)}" in capabilities(Wire(rules=rules, peer=TLS))
        assert f"SASL {' '.join(ALL[1:])}" in capabilities(Wire(rules=rules))

    def test_after_login_all_stays_listed_but_stls(self):
        wire = Wire(peer=LOOPBACK)
        before = capabilities(wire)
        wire.log_in()
        assert capabilities(wire) == [line for line in before if line != "STLS"]

    def test_stls_goes_with_utf8(self):
        wire = Wire(peer=CLEAR)
        wire.send(b"UTF8\r\n")
        assert "STLS" not in capabilities(wire)

    def test_policy_is_the_users_own_after_login(self):
        store = Store(instead={Login: LoggedIn(0, 0, login_delay=60, expire=30)})
        wire = Wire(store, replace(RULES, login_delay=900, expire=7))
        assert {"LOGIN-DELAY 900 USER", "EXPIRE 7 USER"} <= set(capabilities(wire))
        wire.log_in()
        assert {"LOGIN-DELAY 60", "EXPIRE 30"} <= set(capabilities(wire))

    def test_policy_may_spare_a_user(self):
        wire = logged_in(rules=replace(RULES, login_delay=900, expire=7))
        assert "EXPIRE NEVER" in capabilities(wire)
        assert not [line for line in capabilities(wire) if line.startswith("LOGIN-DELAY")]


class TestUserPass:
    def test_opens_the_maildrop(self):
        wire = Wire()
        assert wire.send(f"user {NAME}\r\n".encode()) == b"+OK Now the password.\r\n"
        assert wire.send(f"pass {SECRET}\r\n".encode()) == b"+OK Messages: 4. Octets: 209.\r\n"
        assert wire.store.asked == [Login("USER", NAME, SECRET)]

    def test_says_the_same_of_any_name(self):
        assert Wire().send(b"USER nobody\r\n") == Wire().send(f"USER {NAME}\r\n".encode())

    def test_takes_names_and_passwords_in_utf8(self):
        wire = Wire()
        wire.send("USER josé@ñandú.example\r\nPASS contraseña €\r\n".encode())
        assert wire.store.asked == [Login("USER", "josé@ñandú.example", "contraseña €")]

    @pytest.mark.parametrize("line", [b"USER jos\xe9\r\n", b"USER a\xed\xa0\x80\r\n"])
    def test_refuses_what_is_not_utf8(self, line):
        assert Wire().send(line) == b"-ERR Names and passwords are UTF-8 here, and this is not.\r\n"

    @pytest.mark.parametrize("line", [b"USER\r\n", b"USER \r\n", b"PASS\r\n", b"PASS x\r\n"])
    def test_needs_an_argument_and_its_order(self, line):
        wire = Wire()
        assert wire.send(line).startswith(b"-ERR ")
        assert wire.store.asked == []

    def test_forgets_the_name_after_one_password(self):
        wire = Wire()
        wire.send(f"USER {NAME}\r\nPASS wrong\r\n".encode())
        assert wire.send(f"PASS {SECRET}\r\n".encode()) == b"-ERR USER comes before PASS.\r\n"

    def test_a_second_name_replaces_the_first(self):
        wire = Wire()
        wire.send(b"USER one\r\nUSER two\r\nPASS x\r\n")
        assert wire.store.asked == [Login("USER", "two", "x")]

    def test_a_name_that_is_refused_replaces_it_too(self):
        wire = Wire()
        assert wire.send(b"USER one\r\nUSER \xff\r\nPASS x\r\n").endswith(b"-ERR USER comes before PASS.\r\n")
        assert wire.store.asked == []

    @pytest.mark.parametrize("octets", [505, 506])
    def test_takes_long_passwords(self, octets):
        wire = Wire()
        wire.send(b"USER a\r\nPASS " + b"x" * octets + b"\r\n")
        assert len(wire.store.asked) == (1 if octets + len("PASS \r\n") <= 512 else 0)

    def test_is_refused_in_clear_with_the_remedy(self):
        wire = Wire(peer=CLEAR)
        said = wire.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode()).splitlines()
        assert said[0].startswith(b"-ERR [SYS/PERM] No password is taken on an unencrypted line: turn on TLS")
        assert said[1].startswith(b"-ERR ")
        assert wire.store.asked == [CheckLine("USER", NAME)]

    def test_is_refused_in_clear_whatever_the_name(self):
        wire = Wire(peer=CLEAR)
        said = wire.send(b"USER\r\nUSER \xff\r\n").splitlines()
        assert [line[:15] for line in said] == [b"-ERR [SYS/PERM]"] * 2
        assert wire.store.asked == [CheckLine("USER", ""), CheckLine("USER", "\ufffd")]


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (Refused(Code.AUTH, Reason.WRONG_PASSWORD), b"[AUTH] This name and password do not belong together."),
            (Refused(Code.IN_USE, Reason.IN_USE, 90), b"[IN-USE] Another program has this mailbox open, for 90 sec"),
            (Refused(Code.LOGIN_DELAY, Reason.LOGIN_DELAY, 7), b"[LOGIN-DELAY] The last login was a moment ago; the"),
            (Refused(Code.SYS_TEMP, Reason.THROTTLED, 8), b"[SYS/TEMP] Too many failed logins; the next is taken in 8"),
            (Refused(Code.SYS_PERM, Reason.POP3_OFF), b"[SYS/PERM] POP3 is turned off for this mailbox; its"),
            (Refused(Code.NONE, Reason.SUSPENDED), b"This mailbox is suspended;"),
        ],
    )
    def test_carry_code_and_reason(self, answer, said):
        wire = Wire(Store(instead={Login: answer}))
        wire.send(f"USER {NAME}\r\n".encode())
        assert wire.send(f"PASS {SECRET}\r\n".encode()).startswith(b"-ERR " + said)
        assert wire.signal is NEED_DATA
        assert wire.send(b"STAT\r\n").startswith(b"-ERR ")

    def test_the_store_is_down(self):
        wire = Wire(Store(down=Login))
        wire.send(f"USER {NAME}\r\n".encode())
        assert wire.send(f"PASS {SECRET}\r\n".encode()).startswith(b"-ERR [SYS/TEMP] The mail store cannot be reached")


class TestAuth:
    def test_alone_lists_the_mechanisms(self):
        for line in (b"AUTH\r\n", b"AUTH \r\n"):
            assert body(Wire().send(line)) == b"SCRAM-SHA-256\r\nPLAIN\r\nLOGIN\r\n"

    def test_plain_with_its_initial_response(self):
        wire = Wire()
        assert wire.send(b"auth plain " + PLAIN + b"\r\n").startswith(b"+OK Messages")
        assert wire.store.asked == [Login("PLAIN", NAME, SECRET)]

    def test_plain_when_asked(self):
        wire = Wire()
        assert wire.send(b"AUTH PLAIN\r\n") == b"+ \r\n"
        assert wire.send(PLAIN + b"\r\n").startswith(b"+OK Messages")

    def test_login(self):
        wire = Wire()
        assert wire.send(b"AUTH LOGIN\r\n") == b"+ VXNlcm5hbWU6\r\n"
        assert wire.send(b64encode(NAME.encode()) + b"\r\n") == b"+ UGFzc3dvcmQ6\r\n"
        assert wire.send(b64encode(SECRET.encode()) + b"\r\n").startswith(b"+OK Messages")
        assert wire.store.asked == [Login("LOGIN", NAME, SECRET)]

    def test_login_takes_the_name_at_once(self):
        wire = Wire()
        assert wire.send(b"AUTH LOGIN " + b64encode(NAME.encode()) + b"\r\n") == b"+ UGFzc3dvcmQ6\r\n"

    def test_is_cancelled_by_an_asterisk(self):
        wire = Wire()
        wire.send(b"AUTH LOGIN\r\n")
        assert wire.send(b"*\r\n") == b"-ERR Login cancelled.\r\n"
        assert wire.send(b"NOOP\r\n") == b"-ERR This command works after login only.\r\n"
        assert wire.store.asked == []

    @pytest.mark.parametrize("answer", [b"", b"=", b"!!!!", b"YQ", b"YWI=YWI=", PLAIN[:-1], PLAIN + b" x", b"/w=="])
    def test_refuses_what_no_client_means(self, answer):
        wire = Wire()
        wire.send(b"AUTH PLAIN\r\n")
        assert wire.send(answer + b"\r\n") == b"-ERR That is not an answer this mechanism knows.\r\n"
        assert wire.store.asked == []

    def test_an_equals_sign_is_an_empty_initial_response(self):
        assert Wire().send(b"AUTH PLAIN =\r\n").startswith(b"-ERR That is not")
        assert Wire().send(b"AUTH LOGIN =\r\n") == b"+ UGFzc3dvcmQ6\r\n"

    def test_refuses_an_over_long_answer_and_goes_on(self):
        wire = Wire()
        wire.send(b"AUTH PLAIN\r\n")
        assert wire.send(b"A" * 17000 + b"\r\n") == b"-ERR That line is too long.\r\n"
        assert wire.send(b"AUTH PLAIN " + PLAIN + b"\r\n").startswith(b"+OK ")

    def test_takes_a_token_of_nine_thousand_octets(self):
        token = "t" * 9000
        wire = Wire(rules=replace(RULES, mechanisms=ALL))
        answer = b64encode(f"n,a={NAME},\1auth=Bearer {token}\1\1".encode())
        told = wire.send(b"AUTH OAUTHBEARER " + answer + b"\r\n")
        assert told == b"+ " + b64encode(b'{"status": "invalid_token"}') + b"\r\n"
        assert wire.send(b64encode(b"\1") + b"\r\n").startswith(b"-ERR [AUTH] ")
        assert wire.store.asked == [TokenLogin("OAUTHBEARER", NAME, token)]

    @pytest.mark.parametrize("mechanism", [b"CRAM-MD5", b"XOAUTH2", b"EXTERNAL", b"\xff"])
    def test_knows_no_other_mechanism(self, mechanism):
        assert Wire().send(b"AUTH " + mechanism + b"\r\n") == b"-ERR This mechanism is not offered here.\r\n"

    def test_in_clear_takes_no_password(self):
        wire = Wire(peer=CLEAR)
        assert wire.send(b"AUTH PLAIN " + PLAIN + b"\r\n").startswith(b"-ERR [SYS/PERM] No password is taken")
        assert wire.send(b"AUTH SCRAM-SHA-256\r\n") == b"+ \r\n"

    def test_the_answer_may_be_pipelined(self):
        wire = Wire()
        said = wire.send(b"AUTH PLAIN\r\n" + PLAIN + b"\r\nSTAT\r\n")
        assert said == b"+ \r\n+OK Messages: 4. Octets: 209.\r\n+OK 4 209\r\n"


class TestStls:
    def test_begins_anew(self):
        wire = Wire(peer=replace(CLEAR, loopback=True))
        wire.send(f"LANG es\r\nUSER {NAME}\r\n".encode())
        wire.start_tls()
        assert wire.send(f"PASS {SECRET}\r\n".encode()) == b"-ERR USER comes before PASS.\r\n"
        assert wire.log_in().send(b"STAT\r\n") == b"+OK 4 209\r\n"

    @pytest.mark.parametrize("after", [b"USER injected\r\n", b"US", b"\n"])
    def test_is_refused_when_something_follows(self, after):
        wire = Wire(peer=CLEAR)
        assert wire.send(b"STLS\r\n" + after).startswith(b"-ERR Nothing may follow STLS before the handshake.\r\n")
        assert wire.signal is not START_TLS

    def test_what_comes_next_is_for_tls_alone(self):
        wire = Wire(peer=CLEAR)
        assert wire.send(b"STLS\r\n") == b"+OK Begin the TLS handshake.\r\n"
        assert wire.send(b"CAPA\r\n") == b""
        assert wire.signal is START_TLS
        assert wire.session.unread() == b"CAPA\r\n"
        wire.session.tls_started(Tls("TLSv1.3"))
        assert wire.send(b"") == b""

    def test_nothing_in_clear_survives_the_handshake(self):
        wire = Wire(peer=CLEAR)
        wire.send(b"STLS\r\n")
        wire.session.receive(b"USER injected\r\n")
        wire.session.tls_started(Tls("TLSv1.3"))
        assert wire.send(b"") == b""

    @pytest.mark.parametrize(
        ("peer", "rules", "before", "text"),
        [
            (TLS, RULES, b"", b"TLS is on already."),
            (CLEAR, replace(RULES, stls=False), b"", b"TLS cannot be had here."),
            (CLEAR, RULES, b"UTF8\r\n", b"STLS comes before UTF8, not after it."),
        ],
    )
    def test_is_refused_where_it_cannot_be(self, peer, rules, before, text):
        wire = Wire(rules=rules, peer=peer)
        wire.send(before)
        assert wire.send(b"STLS\r\n") == b"-ERR " + text + b"\r\n"

    def test_is_no_command_after_login(self):
        assert logged_in(peer=LOOPBACK).send(b"STLS\r\n") == b"-ERR This command works before login only.\r\n"


class TestUtf8AndLang:
    def test_utf8_comes_before_login_only(self):
        wire = Wire()
        assert wire.send(b"UTF8\r\n").startswith(b"+OK ")
        assert wire.session.client.utf8
        assert wire.log_in().send(b"UTF8\r\n") == b"-ERR This command works before login only.\r\n"

    def test_lists_languages_each_in_its_own(self):
        assert body(Wire().send(b"LANG\r\n")).decode() == "en English\r\nes Español\r\ni-default English\r\n"

    @pytest.mark.parametrize(
        ("wanted", "reply"),
        [
            ("es", "+OK es Las respuestas van ahora en español.\r\n"),
            ("ES-mx", "+OK es Las respuestas van ahora en español.\r\n"),
            ("i-default", "+OK i-default Replies are in English now.\r\n"),
            ("*", "+OK en Replies are in English now.\r\n"),
            ("ca", "-ERR This server does not speak that language.\r\n"),
            ("i", "-ERR This server does not speak that language.\r\n"),
            ("-", "-ERR This server does not speak that language.\r\n"),
            ("ñ", "-ERR This server does not speak that language.\r\n"),
        ],
    )
    def test_changes_the_language(self, wanted, reply):
        assert Wire().send(f"LANG {wanted}\r\n".encode()).decode() == reply

    def test_the_administrator_chooses_what_an_asterisk_means(self):
        wire = Wire(rules=replace(RULES, language="es"))
        assert wire.send(b"LANG *\r\n").startswith(b"+OK es ")

    def test_lasts_into_the_maildrop_and_changes_there_too(self):
        wire = Wire()
        wire.send(b"LANG es\r\n")
        wire.log_in()
        assert wire.send(b"RETR 7\r\n").decode() == "-ERR No hay mensaje 7.\r\n"
        wire.send(b"LANG xx\r\n")
        assert wire.send(b"NOOP\r\n").decode() == "+OK Nada hecho.\r\n"
        wire.send(b"LANG en\r\n")
        assert wire.send(b"RETR 7\r\n") == b"-ERR There is no message 7.\r\n"


class TestQuit:
    def test_before_login_asks_nothing_of_the_store(self):
        wire = Wire()
        assert wire.send(b"QUIT\r\nCAPA\r\n") == b"+OK Bye.\r\n"
        assert wire.signal is CLOSE
        assert wire.store.asked == []


@pytest.mark.parametrize("line", [b"APOP a b\r\n", b"LAST\r\n", b"\r\n", b" QUIT\r\n", b"GET / HTTP/1.1\r\n"])
def test_knows_no_other_command(line):
    assert Wire().send(line) == f"-ERR {Wire().session.client.words(Text.UNKNOWN_COMMAND)}\r\n".encode()
