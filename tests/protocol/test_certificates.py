"""Which certificate a client gets, and what becomes of it when the files change."""

import hashlib
import os
from contextlib import suppress
from datetime import datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from pop3service.certificates import Certificates
from pop3service.x509 import dns_names, end_point

AUTHORITY = trustme.CA()


def put(directory, folder, *names):
    """Write a pair below `directory`; return the names in order, for comparison."""
    issued = AUTHORITY.issue_cert(*(names or (folder,)))
    (directory / folder).mkdir(exist_ok=True)
    replace(directory / folder / "fullchain.pem", b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    replace(directory / folder / "privkey.pem", issued.private_key_pem.bytes())
    return issued


def replace(path, content):
    """As a renewal does it: another file under the same name, so that nothing but its inode need differ."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)


@pytest.fixture
def store(tmp_path):
    put(tmp_path, "mail.example.org", "mail.example.org", "pop.example.org", "*.customers.example.org")
    put(tmp_path, "other.example.net", "other.example.net", "mail.example.org", "third.example.net")
    certificates = Certificates(tmp_path)
    assert certificates.reload().loaded == ["mail.example.org", "other.example.net"]
    return certificates


def serves(store, name):
    """The folder whose certificate a client gets that asks for `name`."""
    chosen = store.choose(name)
    return next(folder for folder, pair in store._pairs.items() if pair.context is chosen)


class TestChoice:
    @pytest.mark.parametrize(
        ("asked", "folder"),
        [
            ("mail.example.org", "mail.example.org"),
            ("MAIL.Example.org.", "mail.example.org"),
            ("pop.example.org", "mail.example.org"),
            ("a.customers.example.org", "mail.example.org"),
            ("third.example.net", "other.example.net"),
            ("a.b.customers.example.org", "mail.example.org"),
            ("customers.example.org", "mail.example.org"),
            ("unknown.example.com", "mail.example.org"),
            ("", "mail.example.org"),
            (None, "mail.example.org"),
        ],
    )
    def test_is_by_name_then_wildcard_then_default(self, store, asked, folder):
        assert serves(store, asked) == folder

    def test_default_is_the_folder_of_that_name(self, store, tmp_path):
        put(tmp_path, "default", "zzz.example.org")
        store.reload()
        assert serves(store, None) == "default"
        assert serves(store, "a.b.customers.example.org") == "default"
        assert serves(store, "zzz.example.org") == "default"

    def test_a_folder_counts_by_its_own_name_too(self, store, tmp_path):
        put(tmp_path, "zz.example.org", "else.example.org", "pop.example.org")
        store.reload()
        assert serves(store, "zz.example.org") == "zz.example.org"
        assert serves(store, "else.example.org") == "zz.example.org"
        assert serves(store, "pop.example.org") == "mail.example.org"


class TestReload:
    def test_without_change_does_nothing(self, store):
        before = store.choose(None)
        done = store.reload()
        assert (done.loaded, done.removed, done.errors) == ([], [], {})
        assert store.choose(None) is before

    def test_takes_up_a_changed_pair(self, store, tmp_path):
        before = store.choose("mail.example.org")
        put(tmp_path, "mail.example.org")
        assert store.reload().loaded == ["mail.example.org"]
        assert store.choose("mail.example.org") is not before

    def test_does_not_speak_of_a_touch(self, store, tmp_path):
        before = store.choose("mail.example.org")
        os.utime(tmp_path / "mail.example.org" / "privkey.pem", (1, 1))
        assert store.reload().loaded == []
        assert store.choose("mail.example.org") is before

    @pytest.mark.parametrize(
        ("name", "content", "text"),
        [
            ("privkey.pem", b"junk", "fullchain.pem and privkey.pem are not a certificate chain and its key"),
            ("fullchain.pem", b"", "fullchain.pem and privkey.pem are not a certificate chain and its key"),
            (
                "privkey.pem",
                AUTHORITY.issue_cert("x").private_key_pem.bytes(),
                "privkey.pem is not the key of fullchain",
            ),
        ],
    )
    def test_keeps_the_old_pair_if_the_new_one_is_bad(self, store, tmp_path, name, content, text):
        path = tmp_path / "mail.example.org" / name
        good, before = path.read_bytes(), store.choose("mail.example.org")
        replace(path, content)
        assert store.reload().errors["mail.example.org"].startswith(text)
        assert store.reload().errors == {}
        assert store.errors["mail.example.org"].startswith(text)
        assert store.choose("mail.example.org") is before
        replace(path, good)
        assert store.reload().errors == {}
        assert store.errors == {}

    def test_never_asks_for_a_passphrase(self, store, tmp_path):
        path = tmp_path / "mail.example.org" / "privkey.pem"
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        locked = serialization.BestAvailableEncryption(b"passphrase")
        replace(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
        assert store.reload().errors["mail.example.org"].endswith("without a passphrase")

    def test_half_a_pair_is_an_error(self, store, tmp_path):
        (tmp_path / "mail.example.org" / "privkey.pem").unlink()
        assert store.reload().errors == {"mail.example.org": "privkey.pem: No such file or directory"}
        (tmp_path / "mail.example.org" / "fullchain.pem").unlink()
        assert store.reload().errors == {"mail.example.org": "fullchain.pem: No such file or directory"}
        assert serves(store, "pop.example.org") == "mail.example.org"

    def test_forgets_a_folder_that_is_gone(self, store, tmp_path):
        for path in (tmp_path / "mail.example.org").iterdir():
            path.unlink()
        store.reload()
        (tmp_path / "mail.example.org").rmdir()
        done = store.reload()
        assert done.removed == ["mail.example.org"]
        assert store.errors == {}
        assert serves(store, "pop.example.org") == "other.example.net"

    def test_passes_over_folders_without_a_pair(self, store, tmp_path):
        (tmp_path / "lost+found").mkdir()
        (tmp_path / "README").write_text("certificates")
        assert store.reload().errors == {}

    def test_keeps_all_when_the_folder_itself_is_gone(self, store, tmp_path):
        tmp_path.rename(tmp_path.with_name("away"))
        assert list(store.reload().errors) == [""]
        assert store
        assert store.choose("pop.example.org")

    def test_there_may_be_none(self, tmp_path):
        certificates = Certificates(tmp_path)
        assert not certificates
        assert certificates.reload().errors == {}
        assert not certificates


def signed(key, algorithm, *names):
    """A self-signed certificate in DER, made with another library than ours."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    start = datetime(2026, 1, 1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, start, start.replace(year=2036))
    if names:
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)


EC, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)


class TestX509:
    @pytest.mark.parametrize("key", [EC, RSA], ids=["ec", "rsa"])
    @pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda a: a.name)
    def test_binds_by_the_hash_of_the_signature(self, key, algorithm):
        der = signed(key, algorithm)
        assert end_point(der) == hashlib.new(algorithm.name, der).digest()

    def test_has_no_binding_where_there_is_no_single_hash(self):
        assert end_point(signed(ed25519.Ed25519PrivateKey.generate(), None)) is None

    def test_tells_the_host_names_and_nothing_else(self):
        names = [x509.DNSName("Mail.Example.org"), x509.RFC822Name("a@b.org"), x509.DNSName("*.example.org")]
        assert dns_names(signed(EC, hashes.SHA256(), *names)) == ["mail.example.org", "*.example.org"]
        assert dns_names(signed(EC, hashes.SHA256())) == []

    @given(st.binary())
    def test_nothing_but_a_value_error_comes_of_any_octets(self, octets):
        for read in (dns_names, end_point):
            with pytest.raises(ValueError):  # noqa: PT011
                read(octets)

    @given(st.data())
    def test_nor_of_a_damaged_certificate(self, data):
        der = bytearray(DER)
        der[data.draw(st.integers(0, len(der) - 1))] ^= data.draw(st.integers(1, 255))
        for read in (dns_names, end_point):
            with suppress(ValueError):
                read(bytes(der))


DER = signed(EC, hashes.SHA256(), x509.DNSName("mail.example.org"))
