"""RFC 8314: TLS from the first octet, and the versions of TLS."""

import ssl
import warnings

import pytest
from pop3_client import Pop3
from target import Target
from wire import ClosedError


@pytest.mark.must("RFC 8314 §3.2")
def test_pop3s(target: Target) -> None:
    """On the pop3s port the greeting comes under TLS, and the session begins in AUTHORIZATION state."""
    session = target.connect_tls()
    session.refused("STAT")
    session.quit()


@pytest.mark.must("RFC 8314 §3.2")
def test_login(target: Target) -> None:
    """A login on the pop3s port succeeds."""
    session = target.connect_tls()
    assert target.sign_in(session).ok
    session.stat()
    session.quit()


@pytest.mark.must("RFC 8314 §3.2")
def test_no_stls(target: Target) -> None:
    """The pop3s port neither announces nor accepts STLS."""
    session = target.connect_tls()
    assert "STLS" not in session.capabilities()
    session.refused("STLS")


@pytest.mark.must("RFC 8314 §3.2")
def test_nothing_in_clear(target: Target) -> None:
    """The pop3s port answers nothing in clear."""
    if target.pop3s is None:
        pytest.skip("needs --pop3s")
    wire = target.wire(target.pop3s)
    wire.send(b"CAPA\r\nQUIT\r\n")
    wire.stop_sending()
    assert b"+OK" not in wire.rest()


@pytest.mark.must("RFC 8314 §4")
def test_modern_tls(target: Target) -> None:
    """TLS 1.2 or newer is offered."""
    tls = _over_tls(target, target.tls).wire.tls
    assert tls is not None
    assert tls.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.should("RFC 8314 §4.1")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["TLS 1.0", "TLS 1.1"])
def test_old_tls(target: Target, version: ssl.TLSVersion) -> None:
    """TLS below 1.2 is not offered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    with pytest.raises((OSError, ClosedError)):
        _over_tls(target, context)


def _over_tls(target: Target, context: ssl.SSLContext) -> Pop3:
    if target.pop3s is not None:
        return target.connect_tls(context)
    if target.announces("STLS"):
        return target.start_tls(target.connect(), context)
    pytest.skip("needs --pop3s or STLS")
