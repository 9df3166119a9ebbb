"""The certificate of `make run`, and what is said about one that cannot be used."""

import os
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from controlpanel.launcher import certificate
from controlpanel.launcher.errors import LauncherError


def pair(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "fullchain.pem").read_bytes(), (folder / "privkey.pem").read_bytes()


def test_a_client_that_trusts_it_accepts_localhost(tmp_path: Path) -> None:
    chain = certificate.for_localhost(tmp_path)
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=chain)
    server.load_cert_chain(chain, chain.with_name("privkey.pem"))
    for name in ("localhost", "127.0.0.1", "::1"):
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        one = client.wrap_bio(to_client, to_server, server_hostname=name)
        other = server.wrap_bio(to_server, to_client, server_side=True)
        for side in (one, other, one):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        assert one.version() == "TLSv1.3"


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    chain = certificate.for_localhost(tmp_path)
    assert chain == tmp_path / "localhost" / "fullchain.pem"
    assert chain.with_name("privkey.pem").stat().st_mode & 0o777 == 0o600


def test_a_good_pair_is_kept(tmp_path: Path) -> None:
    certificate.for_localhost(tmp_path)
    before = pair(tmp_path / "localhost")
    certificate.for_localhost(tmp_path)
    assert pair(tmp_path / "localhost") == before


def test_one_near_its_end_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "LIFE", timedelta(days=29))
    chain = certificate.for_localhost(tmp_path)
    old = x509.load_pem_x509_certificate(chain.read_bytes())
    monkeypatch.undo()
    certificate.for_localhost(tmp_path)
    new = x509.load_pem_x509_certificate(chain.read_bytes())
    assert new.not_valid_after_utc > old.not_valid_after_utc + timedelta(days=300)


@pytest.mark.parametrize("broken", ["fullchain.pem", "privkey.pem"])
def test_a_broken_pair_is_made_anew(tmp_path: Path, broken: str) -> None:
    folder = certificate.for_localhost(tmp_path).parent
    (folder / broken).write_text("nothing of use")
    certificate.for_localhost(tmp_path)
    certificate.check(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"^TLS_DIR: .* holds no NAME/fullchain.pem$"):
        certificate.check(tmp_path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    chain = certificate.for_localhost(tmp_path)
    chain.with_name("privkey.pem").unlink()
    with pytest.raises(LauncherError, match=r"localhost/fullchain.pem and its privkey.pem .*: No such file"):
        certificate.check(tmp_path)


def test_a_key_of_another_certificate_is_named(tmp_path: Path) -> None:
    chain = certificate.for_localhost(tmp_path / "one")
    other = certificate.for_localhost(tmp_path / "other")
    os.replace(other.with_name("privkey.pem"), chain.with_name("privkey.pem"))
    with pytest.raises(LauncherError, match="KEY_VALUES_MISMATCH"):
        certificate.check(tmp_path / "one")
