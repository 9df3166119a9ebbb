"""Each mechanism by itself: the messages of the standards' own examples, and what must not be taken for them."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service import sasl
from pop3service.requests import (
    Code,
    LoggedIn,
    Login,
    Reason,
    Refused,
    ScramFailed,
    ScramKey,
    ScramKeys,
    ScramLogin,
    ScramLookup,
    TokenLogin,
    Unavailable,
)
from pop3service.sasl import Challenge, Channel, SaslError

OPEN = LoggedIn(1, 2)
WRONG = Refused(Code.AUTH, Reason.WRONG_PASSWORD)
SCRAM_WRONG = Refused(Code.AUTH, Reason.SCRAM_FAILED)

# RFC 7677 section 3
SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_NONCE, SERVER_NONCE = "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
NONCE = CLIENT_NONCE + SERVER_NONCE
FIRST = f"n,,n=user,r={CLIENT_NONCE}"
SERVER_FIRST = f"r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
FINAL = f"c=biws,r={NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def derive(password, salt=SALT, iterations=4096):
    """The two keys of RFC 5802 section 3, as the client derives them."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    return hmac.digest(salted, b"Client Key", "sha256"), hmac.digest(salted, b"Server Key", "sha256")


def key(device, password):
    client_key, server_key = derive(password)
    return ScramKey(device, hashlib.sha256(client_key).digest(), server_key)


def client(password, header="n,,", binding=b"", name="user", extension=""):
    """The two messages of a client whose nonce is x, for a server whose nonce is SERVER_NONCE."""
    client_key, _ = derive(password)
    bare = f"n={name},r=x"
    without_proof = f"c={b64encode(header.encode() + binding).decode()},r=x{SERVER_NONCE}{extension}"
    signed = f"{bare},{SERVER_FIRST.replace(CLIENT_NONCE, 'x')},{without_proof}".encode()
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    proof = b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()
    return header + bare, f"{without_proof},p={proof}"


def steps(exchange, *script):
    """Answer an exchange's steps in turn, text as the client's octets; return its steps and, at last, its outcome."""
    made, answer = [], None
    for reply in (*script, None):
        try:
            made.append(exchange.send(answer))
        except StopIteration as end:
            return [*made, end.value]
        answer = reply.encode() if isinstance(reply, str) else reply
    return made


def play(exchange, *script):
    *asked, outcome = steps(exchange, *script)
    assert len(asked) == len(script), f"not all of the script was asked for: {asked}"
    return asked, outcome


def challenges(asked):
    return [step.data.decode() for step in asked if isinstance(step, Challenge)]


class TestPlain:
    @pytest.mark.parametrize("message", ["\0ana\0a b ", "ana\0ana\0a b "])
    def test_logs_in(self, message):
        asked, outcome = play(sasl.plain(Channel()), message, OPEN)
        assert asked == [Challenge(b""), Login("PLAIN", "ana", "a b ")]
        assert outcome is OPEN

    @pytest.mark.parametrize(
        "message", ["", "ana", "\0ana", "\0ana\0", "\0\0secret", "\0ana\0a\0b", "bob\0ana\0secret", b"\0\xff\0secret"]
    )
    def test_refuses_other_shapes_and_other_people(self, message):
        with pytest.raises(SaslError):
            play(sasl.plain(Channel()), message, OPEN)


class TestLogin:
    def test_asks_for_name_and_password(self):
        asked, outcome = play(sasl.login(Channel()), "ana", " secret ", WRONG)
        assert asked == [Challenge(b"Username:"), Challenge(b"Password:"), Login("LOGIN", "ana", " secret ")]
        assert outcome is WRONG

    @pytest.mark.parametrize("script", [("", "secret"), ("ana", ""), (b"\xff", "secret")])
    def test_needs_both(self, script):
        with pytest.raises(SaslError):
            play(sasl.login(Channel()), *script, OPEN)


def scram(*script, channel=None, mechanism=sasl.scram_sha_256, keys=None):
    found = ScramKeys(SALT, 4096, [key("laptop", "pencil")] if keys is None else keys)
    return steps(mechanism(channel or Channel(), lambda: SERVER_NONCE), script[0], found, *script[1:])


class TestScram:
    def test_example_of_rfc_7677(self):
        *asked, login, outcome = scram(FIRST, FINAL, "", OPEN)
        assert challenges(asked) == ["", SERVER_FIRST, SERVER_FINAL]
        assert asked[1] == ScramLookup("user")
        assert login == ScramLogin("SCRAM-SHA-256", "user", "laptop")
        assert outcome is OPEN

    def test_finds_the_device_among_many(self):
        keys = [key("phone", "eraser"), key("laptop", "pencil"), key("tablet", "ruler")]
        assert ScramLogin("SCRAM-SHA-256", "user", "laptop") in scram(FIRST, FINAL, "", OPEN, keys=keys)

    @pytest.mark.parametrize("keys", [[], [key("phone", "eraser")]])
    def test_a_wrong_password_looks_like_an_unknown_name(self, keys):
        *asked, failed, outcome = scram(FIRST, FINAL, SCRAM_WRONG, keys=keys)
        assert challenges(asked) == ["", SERVER_FIRST]
        assert failed == ScramFailed("SCRAM-SHA-256", "user")
        assert outcome is SCRAM_WRONG

    @pytest.mark.parametrize("found", [Unavailable(), Refused(Code.SYS_TEMP, Reason.THROTTLED, 8)])
    def test_ends_where_there_is_nothing_to_look_up(self, found):
        assert steps(sasl.scram_sha_256(Channel()), FIRST, found) == [Challenge(b""), ScramLookup("user"), found]

    def test_policy_speaks_last(self):
        refused = Refused(Code.NONE, Reason.SUSPENDED)
        assert scram(FIRST, FINAL, "", refused)[-1] is refused

    def test_every_exchange_has_a_nonce_of_its_own(self):
        one, other = (steps(sasl.scram_sha_256(Channel()), FIRST, ScramKeys(SALT, 4096, [])) for _ in "12")
        assert one[-1] != other[-1]

    def test_names_are_escaped(self):
        assert scram("n,a=a=2Cb=3Dc,n=a=2Cb=3Dc,r=x")[1] == ScramLookup("a,b=c")

    def test_the_clients_extensions_are_signed_and_passed_over(self):
        first, final = client("pencil", extension=",t=more")
        assert scram(first, final, "", OPEN)[-1] is OPEN

    @pytest.mark.parametrize(
        "first",
        [
            "", "n", "n,", "n,,", "n,,n=user", "n,,n=,r=x", "n,,n=user,r=", "n,,n=user,r=a b", "n,,n=user,r=ñ",
            "n,,r=x,n=user", "n,,m=ext,n=user,r=x", "n,a=bob,n=user,r=x", "n,user,n=user,r=x", "n,,n=us=er,r=x",
            "n,,n=user=2c,r=x", "x,,n=user,r=x", "N,,n=user,r=x", "p=,,n=user,r=x", "p=tls-unique,,n=user,r=x",
            "p=tls-server-end-point,,n=user,r=x", b"n,,n=\xff,r=x",
        ],
    )  # fmt: skip
    def test_refuses_other_first_messages(self, first):
        with pytest.raises(SaslError):
            scram(first)

    @pytest.mark.parametrize(
        "final",
        [
            "",
            FINAL.replace("c=biws", "c=eSws"),
            FINAL.replace(NONCE, CLIENT_NONCE),
            FINAL.replace(NONCE, NONCE + "x"),
            FINAL.replace("p=", "q="),
            FINAL.replace("Q=", "Q"),
            FINAL.replace(",p=", ",p=!"),
            FINAL.partition(",p=")[0],
        ],
    )
    def test_refuses_other_final_messages(self, final):
        with pytest.raises(SaslError):
            scram(FIRST, final, OPEN)

    @pytest.mark.parametrize("proof", ["", "AAAA", "eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="])
    def test_a_proof_of_another_length_or_value_fails(self, proof):
        final = FINAL.partition(",p=")[0] + ",p=" + proof
        assert ScramFailed("SCRAM-SHA-256", "user") in scram(FIRST, final, SCRAM_WRONG)

    def test_the_last_answer_is_empty(self):
        with pytest.raises(SaslError):
            scram(FIRST, FINAL, "no", OPEN)

    @given(st.binary(min_size=32, max_size=32))
    def test_no_guessed_proof_fits(self, proof):
        assert sasl.proven_key([key("laptop", "pencil")], b"signed", proof) is None


class TestScramPlus:
    HEADER = "p=tls-server-end-point,,"
    CHANNEL = Channel(end_point=b"hash", plus_offered=True)

    def plus(self, *script, channel=CHANNEL):
        return scram(*script, channel=channel, mechanism=sasl.scram_sha_256_plus)

    def test_binds_the_login_to_the_certificate(self):
        *_, login, outcome = self.plus(*client("pencil", self.HEADER, b"hash"), "", OPEN)
        assert login == ScramLogin("SCRAM-SHA-256-PLUS", "user", "laptop")
        assert outcome is OPEN

    @pytest.mark.parametrize("binding", [b"", b"hash of another", b"hasH"])
    def test_refuses_another_certificate(self, binding):
        with pytest.raises(SaslError):
            self.plus(*client("pencil", self.HEADER, binding), "", OPEN)

    @pytest.mark.parametrize("header", ["n,,", "y,,", "p=tls-unique,,"])
    def test_refuses_another_binding(self, header):
        with pytest.raises(SaslError):
            self.plus(*client("pencil", header, b"hash"), "", OPEN)

    def test_needs_a_binding_of_ours(self):
        with pytest.raises(SaslError):
            self.plus(*client("pencil", self.HEADER, b""), "", OPEN, channel=Channel())

    def test_a_client_that_saw_no_plus_where_there_is_one_was_lied_to(self):
        script = [*client("pencil", "y,,"), "", OPEN]
        assert scram(*script)[-1] is OPEN
        with pytest.raises(SaslError):
            scram(*script, channel=self.CHANNEL)

    def test_a_client_may_do_without_it(self):
        assert scram(*client("pencil"), "", OPEN, channel=self.CHANNEL)[-1] is OPEN


class TestTokens:
    def test_oauthbearer(self):
        message = "n,a=ana@example.org,\1host=mail.example.org\1port=995\1auth=Bearer abc.def\1\1"
        asked, outcome = play(sasl.oauthbearer(Channel()), message, OPEN)
        assert asked[1] == TokenLogin("OAUTHBEARER", "ana@example.org", "abc.def")
        assert outcome is OPEN

    def test_oauthbearer_without_a_name(self):
        asked, _ = play(sasl.oauthbearer(Channel()), "n,,\1auth=bearer abc\1\1", OPEN)
        assert asked[1] == TokenLogin("OAUTHBEARER", "", "abc")

    def test_xoauth2(self):
        asked, outcome = play(sasl.xoauth2(Channel()), "user=ana@example.org\1auth=Bearer abc\1\1", OPEN)
        assert asked[1] == TokenLogin("XOAUTH2", "ana@example.org", "abc")
        assert outcome is OPEN

    @pytest.mark.parametrize(
        ("mechanism", "message", "told"),
        [
            (
                sasl.oauthbearer,
                "n,,\1auth=Bearer a\1\1",
                {"status": "invalid_token", "openid-configuration": "https://x"},
            ),
            (sasl.xoauth2, "user=a\1auth=Bearer a\1\1", {"status": "401", "schemes": "bearer"}),
        ],
    )
    def test_a_refused_client_is_told_twice(self, mechanism, message, told):
        refused = Refused(Code.AUTH, Reason.TOKEN_REFUSED)
        asked, outcome = play(mechanism(Channel(openid_configuration="https://x")), message, refused, "\1")
        assert json.loads(asked[2].data) == told
        assert outcome is refused

    @pytest.mark.parametrize("answer", [Unavailable(), Refused(Code.SYS_TEMP, Reason.THROTTLED, 3)])
    def test_other_troubles_are_not_the_tokens_fault(self, answer):
        assert play(sasl.xoauth2(Channel()), "user=a\1auth=Bearer a\1\1", answer)[1] is answer

    @pytest.mark.parametrize(
        ("mechanism", "message"),
        [
            (sasl.oauthbearer, ""),
            (sasl.oauthbearer, "\1auth=Bearer abc\1\1"),
            (sasl.oauthbearer, "p=tls-unique,,\1auth=Bearer abc\1\1"),
            (sasl.oauthbearer, "n,,\1auth=Basic abc\1\1"),
            (sasl.oauthbearer, "n,,\1auth=Bearer \1\1"),
            (sasl.oauthbearer, "n,,\1\1"),
            (sasl.xoauth2, "user=a\1auth=abc\1\1"),
            (sasl.xoauth2, "user=a"),
            (sasl.xoauth2, b"user=\xff\1auth=Bearer a\1\1"),
        ],
    )
    def test_refuse_other_shapes(self, mechanism, message):
        with pytest.raises(SaslError):
            play(mechanism(Channel()), message, OPEN)


@given(st.sampled_from(sorted(sasl.MECHANISMS)), st.lists(st.binary(), max_size=4))
def test_nothing_but_a_sasl_error_comes_of_any_octets(mechanism, script):
    """Random octets make a login request at most for the mechanisms that take any text, and never another error."""
    exchange = sasl.MECHANISMS[mechanism](Channel(end_point=b"hash", plus_offered=True))
    answer = None
    try:
        for octets in script:
            step = exchange.send(answer)
            answer = octets if isinstance(step, Challenge) else WRONG
    except (SaslError, StopIteration):
        pass


@given(st.text(st.characters(codec="utf-8")))
def test_saslname_undoes_its_escapes(name):
    assert sasl.saslname(name.replace("=", "=3D").replace(",", "=2C")) == name
