"""Our side of TLS against Python's own client, in memory: every octet can be held, cut or changed on its way."""

import hashlib
import ssl
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.pop3 import START_TLS
from pop3service.tls import Certificates, Received, TlsLayer
from tests.protocol.scripted import CLEAR, Wire
from tests.protocol.test_certificates import AUTHORITY, put


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    put(directory, "mail.example.org")
    put(directory, "other.example.net")
    certificates = Certificates(directory)
    certificates.reload()
    return certificates


def client_context():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def old_contexts():
    """Clients of long ago, by the version that they speak."""
    contexts = {"TLSv1": client_context(), "TLSv1.1": client_context()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for context in contexts.values():
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("ALL:@SECLEVEL=0")
        contexts["TLSv1"].maximum_version = ssl.TLSVersion.TLSv1
        contexts["TLSv1.1"].maximum_version = ssl.TLSVersion.TLSv1_1
    return contexts


CONTEXT = client_context()


class Client:
    """A TLS client whose line to the server is a pair of byte strings."""

    def __init__(self, name="mail.example.org", context=CONTEXT, session=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name, session=session)
        self.plaintext = b""

    def step(self, data=b""):
        """Take what the server sent; return what to send to it."""
        self.incoming.write(data)
        try:
            self.tls.do_handshake()
            while piece := self.tls.read(65536):
                self.plaintext += piece
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def say(self, data):
        self.tls.write(data)
        return self.outgoing.read()


def shake_hands(certificates, client=None, cut=1 << 20):
    client, layer = client or Client(), TlsLayer(certificates)
    data = client.step()
    while data:
        pieces = [data[start : start + cut] for start in range(0, len(data), cut)]
        data = client.step(b"".join(layer.receive(piece).to_send for piece in pieces))
    return client, layer


class TestHandshake:
    @pytest.mark.parametrize("cut", [1, 5, 1000, 1 << 20])
    def test_is_done_however_it_is_cut(self, certificates, cut):
        _, layer = shake_hands(certificates, cut=cut)
        assert layer.tls.version == "TLSv1.3"
        assert layer.failure == ""

    @pytest.mark.parametrize("name", ["mail.example.org", "other.example.net"])
    def test_shows_the_certificate_that_was_asked_for(self, certificates, name):
        client, layer = shake_hands(certificates, Client(name))
        shown = client.tls.getpeercert(binary_form=True)
        assert client.tls.getpeercert()["subjectAltName"] == (("DNS", name),)
        assert layer.tls.end_point == hashlib.sha256(shown).digest()

    def test_speaks_tls_1_2_to_who_speaks_no_newer(self, certificates):
        context = client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        _, layer = shake_hands(certificates, Client(context=context))
        assert layer.tls.version == "TLSv1.2"

    def test_refuses_what_is_older(self, certificates):
        layer = TlsLayer(certificates)
        hello = bytes.fromhex("16030100310100002d0301") + bytes(32) + bytes.fromhex("000006c013c014002f0100")
        received = layer.receive(hello)
        assert layer.failure == "unsupported protocol"
        assert received.plaintext == b""
        assert received.to_send[:1] == b"\x15"  # an alert
        assert layer.tls is None
        assert certificates.front.minimum_version is ssl.TLSVersion.TLSv1_2

    def test_takes_what_is_older_while_that_is_allowed(self, tmp_path):
        """Also with a certificate that is chosen by name, and with one that was loaded later."""
        put(tmp_path, "mail.example.org")
        certificates = Certificates(tmp_path)
        certificates.reload()
        assert certificates.allow_old_tls(True)
        assert not certificates.allow_old_tls(True)
        put(tmp_path, "other.example.net")
        certificates.reload()
        for name in ("mail.example.org", "other.example.net"):
            for version, context in old_contexts().items():
                _, layer = shake_hands(certificates, Client(name, context))
                assert layer.tls.version == version
                assert layer.tls.is_old
            _, layer = shake_hands(certificates, Client(name))
            assert layer.tls.version == "TLSv1.3"
        ciphers = [each["name"] for each in Certificates(tmp_path).front.get_ciphers()]
        assert certificates.allow_old_tls(False)
        assert [each["name"] for each in certificates.front.get_ciphers()] == ciphers
        for context in old_contexts().values():
            with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
                shake_hands(certificates, Client(context=context))

    @pytest.mark.parametrize(
        ("data", "failure"),
        [(b"GET / HTTP/1.1\r\n\r\n", "http request"), (b"CAPA\r\nQUIT\r\n", "wrong version number")],
    )
    def test_is_refused_to_who_speaks_in_clear(self, certificates, data, failure):
        layer = TlsLayer(certificates)
        layer.receive(data)
        assert layer.failure == failure
        assert layer.receive(b"more") == Received(b"", b"")

    def test_hears_that_the_client_does_not_trust_us(self, certificates):
        stranger = Client(context=ssl.create_default_context())
        layer = TlsLayer(certificates)
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.step(layer.receive(stranger.step()).to_send)
        layer.receive(stranger.outgoing.read())
        assert layer.failure == "tlsv1 alert unknown ca"

    def test_fails_where_there_is_no_certificate(self, tmp_path):
        layer = TlsLayer(Certificates(tmp_path))
        layer.receive(Client().step())
        assert layer.failure
        assert layer.tls is None

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_resumes_a_session_across_a_reload(self, tmp_path, version):
        put(tmp_path, "mail.example.org")
        certificates = Certificates(tmp_path)
        certificates.reload()
        context = client_context()
        context.maximum_version = version
        first, layer = shake_hands(certificates, Client(context=context))
        first.step(layer.send(b"+OK\r\n"))
        put(tmp_path, "mail.example.org")
        assert certificates.reload().loaded == ["mail.example.org"]
        second, _ = shake_hands(certificates, Client(context=context, session=first.tls.session))
        assert second.tls.session_reused
        assert second.tls.version() == layer.tls.version


class TestData:
    @pytest.mark.parametrize("octets", [1, 4096, 4097, 100_000])
    def test_goes_both_ways(self, certificates, octets):
        client, layer = shake_hands(certificates)
        data = bytes(range(256)) * (octets // 256) + b"x" * (octets % 256)
        assert layer.receive(client.say(data)).plaintext == data
        client.step(layer.send(data))
        assert client.plaintext == data

    @given(st.lists(st.binary(max_size=5000), max_size=5), st.integers(1, 6000))
    def test_comes_out_whole_however_it_is_cut(self, certificates, messages, cut):
        client, layer = shake_hands(certificates)
        sent = b"".join(client.say(message) for message in messages)
        received = [layer.receive(sent[start : start + cut]).plaintext for start in range(0, len(sent), cut)]
        assert b"".join(received) == b"".join(messages)

    def test_may_come_with_the_end_of_the_handshake(self, certificates):
        client, layer = Client(), TlsLayer(certificates)
        finished = client.step(layer.receive(client.step()).to_send)
        received = layer.receive(finished + client.say(b"CAPA\r\n"))
        assert received.plaintext == b"CAPA\r\n"
        assert layer.tls

    def test_nothing_to_send_is_nothing(self, certificates):
        _, layer = shake_hands(certificates)
        assert layer.send(b"") == b""
        assert layer.receive(b"") == Received(b"", b"")

    def test_changed_on_its_way_ends_the_line(self, certificates):
        client, layer = shake_hands(certificates)
        sent = bytearray(client.say(b"first") + client.say(b"second"))
        sent[-1] ^= 1
        received = layer.receive(bytes(sent))
        assert received.plaintext == b"first"
        assert received.to_send[:1] != b""
        assert layer.failure == "decryption failed or bad record mac"

    def test_leaves_in_small_records(self, certificates):
        """A MemoryBIO never shrinks, so a session that sent a full record of 16 KiB would keep that much."""
        _, layer = shake_hands(certificates)
        sent = layer.send(bytes(50_000))
        records = 0
        while sent:
            length = int.from_bytes(sent[3:5])
            assert length < 4500
            sent, records = sent[5 + length :], records + 1
        assert records == 13


class TestEnd:
    def test_of_ours_is_proper(self, certificates):
        client, layer = shake_hands(certificates)
        client.step(layer.send(b"+OK Bye.\r\n") + layer.close())
        assert client.plaintext == b"+OK Bye.\r\n"
        assert client.tls.read() == b""

    def test_of_the_clients_is_seen(self, certificates):
        client, layer = shake_hands(certificates)
        sent = client.say(b"QUIT\r\n")
        with pytest.raises(ssl.SSLWantReadError):
            client.tls.unwrap()
        received = layer.receive(sent + client.outgoing.read())
        assert received.plaintext == b"QUIT\r\n"
        assert layer.closed
        assert layer.failure == ""

    def test_before_the_handshake_says_nothing(self, certificates):
        layer = TlsLayer(certificates)
        assert layer.close() == b""
        layer = TlsLayer(certificates)
        layer.receive(b"junk")
        layer.close()

    @given(st.lists(st.binary()))
    def test_nothing_is_raised_by_any_octets(self, certificates, parts):
        layer = TlsLayer(certificates)
        for part in parts:
            assert layer.receive(part).plaintext == b""


def test_stls_hands_over_what_came_with_it(certificates):
    wire, client = Wire(peer=CLEAR), Client()
    assert wire.send(b"STLS\r\n").startswith(b"+OK ")
    wire.session.receive(client.step())
    assert wire.session.next_event() is START_TLS
    layer = TlsLayer(certificates)
    finished = client.step(layer.receive(wire.session.unread()).to_send)
    received = layer.receive(finished + client.say(b"CAPA\r\n"))
    wire.session.tls_started(layer.tls)
    client.step(received.to_send + layer.send(wire.send(received.plaintext)))
    assert client.plaintext.startswith(b"+OK ")
    assert b"STLS" not in client.plaintext
