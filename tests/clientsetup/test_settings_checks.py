"""A setting that no client could be told, or that cannot sign, stops the start with one sentence."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from controlpanel import checks
from tests.accounts.test_checks import settings_of


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    certificate = trustme.CA().issue_cert("mail.example.org")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    return str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")


def found(**differing: Any) -> list[tuple[str | None, str]]:
    return [(fault.id, fault.msg) for fault in checks.faults(settings_of(**differing))]


def test_a_pair_that_signs_is_fine(files: tuple[str, str]) -> None:
    assert found(PROFILE_CERT=files[0], PROFILE_KEY=files[1], SUBMISSION_HOST="smtp.example.org") == []
    assert found(PROFILE_CERT=Path(files[0]).read_text(), PROFILE_KEY=Path(files[1]).read_text()) == []


@pytest.mark.parametrize(
    ("differing", "fault"),
    [
        ({"SUBMISSION_HOST": "no host"}, "casilla.E020"),
        ({"SUBMISSION_HOST": "smtp.example.org", "SUBMISSION_PORT": 70_000}, "casilla.E020"),
        ({"PROFILE_CERT": "/somewhere"}, "casilla.E021"),
        ({"PROFILE_KEY": "/somewhere"}, "casilla.E021"),
        ({"PROFILE_CERT": "/nowhere/cert.pem", "PROFILE_KEY": "/nowhere/key.pem"}, "casilla.E022"),
        ({"PROFILE_CERT": "-----BEGIN", "PROFILE_KEY": "-----BEGIN"}, "casilla.E023"),
    ],
)
def test_what_cannot_be_is_said(differing: dict[str, Any], fault: str) -> None:
    assert [each[0] for each in found(**differing)] == [fault]


def test_a_key_of_another_certificate_is_said_without_a_word_of_it(files: tuple[str, str]) -> None:
    other = trustme.CA().issue_cert("mail.example.org").private_key_pem.bytes().decode()
    [(fault, words)] = found(PROFILE_CERT=files[0], PROFILE_KEY=other)
    assert fault == "casilla.E023"
    assert "PRIVATE KEY" not in words
