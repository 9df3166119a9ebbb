"""Apple profiles as they are handed out: signed, with a password inside or not, fetched by a telephone."""

import json
import plistlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.core import signing
from django.test import Client

from controlpanel.clientsetup import autoconfig, profiles, qr
from controlpanel.clientsetup.apple import TargetDevice
from controlpanel.clientsetup.description import person_of, service_for
from controlpanel.mailboxes import device_passwords, sign_in
from controlpanel.mailboxes.models import Access, DevicePassword, Mailbox, State
from tests.clientsetup import xml_readers
from tests.clientsetup.conftest import People
from tests.programs import need

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r"/telephone/([^/\"]+)/")


def offer(people: People, role: str = "owner", **form: str) -> Any:
    return people.client(role).post(f"/mail/{people.mailbox.pk}/setup/profile/", form)


def fetched(token: str) -> Any:
    """What a telephone gets that is signed in nowhere."""
    return Client(headers={"host": "localhost"}).get(f"/telephone/{token}/mail.mobileconfig")


def account(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/x-apple-aspen-config"
    assert answer["Content-Disposition"] == 'attachment; filename="ana-papelera.example.mobileconfig"'
    found: dict[str, Any] = plistlib.loads(answer.content)["PayloadContent"][0]
    return found


def opens(mailbox: Mailbox, password: str) -> str | None:
    """The name of the device that a password belongs to, as the mail service finds it."""
    [found] = sign_in.find_accounts([mailbox.address_text])
    proof = sign_in.prove(found, mailbox.address_text, password)
    return proof.device.name if proof.device is not None else None


def test_on_this_device_a_profile_comes_without_a_password(people: People) -> None:
    answer = offer(people, target="mac", where="here")
    found = account(people.client("owner").get(answer["Location"]))
    assert found["EmailAddress"] == "ana@papelera.example"
    assert "IncomingPassword" not in found
    assert not DevicePassword.objects.exclude(pk=people.device.pk).exists()


def test_a_telephone_gets_a_password_of_its_own(people: People) -> None:
    page = offer(people, target="iphone", where="telephone", password="yes")
    assert "<svg role" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    token = TOKEN.search(page.content.decode())[1]  # type: ignore[index]
    landing = Client(headers={"host": "localhost"}).get(f"/telephone/{token}/")
    assert "ana@papelera.example" in landing.content.decode()
    assert not DevicePassword.objects.filter(name="iPhone").exists(), "looking at the page makes nothing"
    first = account(fetched(token))
    assert opens(people.mailbox, first["IncomingPassword"]) == "iPhone"
    assert device_passwords.well_formed(first["IncomingPassword"])


def test_fetched_twice_the_first_password_is_void(people: People) -> None:
    token = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.IPHONE, with_password=True).token()
    first, second = (account(fetched(token))["IncomingPassword"] for _ in range(2))
    assert opens(people.mailbox, first) is None
    assert opens(people.mailbox, second) == "iPhone"
    assert people.mailbox.device_passwords.filter(revoked=None, name="iPhone").count() == 1


def test_a_ticket_ends_after_ten_minutes(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    token = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.IPHONE, with_password=True).token()
    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + 601)
    assert fetched(token).status_code == 404
    late = Client(headers={"host": "localhost"}).get(f"/telephone/{token}/")
    assert (late.status_code, "has ended" in late.content.decode()) == (404, True)


@pytest.mark.parametrize(
    "token", ["x", "a" * 300, signing.dumps([1, 2, 3, 4, 5], salt="another")], ids=["short", "long", "of another salt"]
)
def test_what_is_no_ticket_is_not_redeemed(people: People, token: str) -> None:
    assert fetched(token).status_code == 404


def test_a_ticket_ends_with_the_right_of_who_gave_it(people: People) -> None:
    colleague = people.other_owner
    Access.objects.create(user=colleague, mailbox=people.mailbox)
    token = profiles.new_ticket(people.mailbox, colleague, TargetDevice.IPHONE, with_password=True).token()
    account(fetched(token))
    Access.objects.all().delete()
    assert fetched(token).status_code == 404


@pytest.mark.parametrize("state", [State.DELETED])
def test_a_deleted_mailbox_gives_no_profile(people: People, state: str) -> None:
    token = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.MAC, with_password=False).token()
    Mailbox.objects.filter(pk=people.mailbox.pk).update(state=state)
    assert fetched(token).status_code == 404


def test_an_administrator_gives_a_profile_and_never_a_password(people: People) -> None:
    answer = offer(people, "administrator", target="iphone", where="here")
    assert "IncomingPassword" not in account(fetched(TOKEN.search(answer["Location"])[1]))  # type: ignore[index]
    assert offer(people, "administrator", target="iphone", password="yes").status_code == 404
    forged = profiles.new_ticket(people.mailbox, people.administrator, TargetDevice.MAC, with_password=True)
    assert fetched(forged.token()).status_code == 404


def test_the_owners_choice_is_in_the_profile(people: People) -> None:
    Mailbox.objects.filter(pk=people.mailbox.pk).update(leave_own=True, leave_days=9)
    ticket = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.MAC, with_password=False)
    assert "9 days" in plistlib.loads(fetched(ticket.token()).content)["ConsentText"]["en"]


@pytest.mark.parametrize("may_send", [True, False])
def test_where_the_operator_names_a_relay_every_way_of_setting_up_names_it(
    people: People, settings: Any, may_send: bool
) -> None:
    settings.SUBMISSION_HOST, settings.SUBMISSION_PORT = "smtp.hosting.example", 465
    Mailbox.objects.filter(pk=people.mailbox.pk).update(send_enabled=may_send)
    people.mailbox.refresh_from_db()
    profile = plistlib.loads(profiles.profile(people.mailbox, TargetDevice.MAC, "secret"))["PayloadContent"][0]
    assert profile["OutgoingMailServerHostName"] == "smtp.hosting.example"
    assert (profile["OutgoingMailServerPortNumber"], profile["OutgoingMailServerUseSSL"]) == (465, True)
    assert (profile["IncomingPassword"], profile["OutgoingPasswordSameAsIncomingPassword"]) == ("secret", True)
    code = json.loads(qr.thunderbird_account(service_for(people.mailbox), person_of(people.mailbox)))
    assert code[3][0][0] == [0, "smtp.hosting.example", 465, 3, 1, people.mailbox.address_text]
    found = xml_readers.thunderbird(autoconfig.config_v1_1(service_for(people.mailbox)))
    assert [(server.hostname, server.port) for server in found.outgoing] == [("smtp.hosting.example", 465)]


class TestSignature:
    @pytest.fixture
    def pair(self, tmp_path: Path, settings: Any) -> trustme.CA:
        authority = trustme.CA()
        certificate = authority.issue_cert("mail.hosting.example", key_type=trustme.KeyType.RSA)
        certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
        for number, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(tmp_path / "chain.pem", append=number > 0)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        settings.PROFILE_CERT, settings.PROFILE_KEY = str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")
        return authority

    def test_openssl_finds_the_profile_inside_a_good_signature(
        self, people: People, pair: trustme.CA, tmp_path: Path
    ) -> None:
        ticket = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.MAC, with_password=True)
        (tmp_path / "profile").write_bytes(fetched(ticket.token()).content)
        command = [need("openssl"), "cms", "-verify", "-inform", "DER", "-in", tmp_path / "profile"]
        done = subprocess.run([*command, "-CAfile", tmp_path / "ca.pem", "-purpose", "any"], capture_output=True)
        assert done.returncode == 0, done.stderr
        assert plistlib.loads(done.stdout)["PayloadContent"][0]["EmailAddress"] == "ana@papelera.example"

    def test_the_page_says_whether_it_is_signed(self, people: People, pair: trustme.CA, settings: Any) -> None:
        page = f"/mail/{people.mailbox.pk}/setup/iphone/"
        assert "unsigned" not in people.client("owner").get(page).content.decode()
        settings.PROFILE_CERT = ""
        assert "unsigned" in people.client("owner").get(page).content.decode()

    def test_a_pair_that_cannot_sign_gives_an_unsigned_profile_and_a_line_without_secrets(
        self, people: People, pair: trustme.CA, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.PROFILE_KEY = settings.PROFILE_CERT
        ticket = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.MAC, with_password=False)
        account(fetched(ticket.token()))
        assert [record.getMessage() for record in caplog.records] == ["event=profile_unsigned fault=SigningError"]

    def test_a_setting_may_hold_the_pem_itself(self, people: People, pair: trustme.CA, settings: Any) -> None:
        settings.PROFILE_CERT = Path(settings.PROFILE_CERT).read_text()
        settings.PROFILE_KEY = Path(settings.PROFILE_KEY).read_text()
        ticket = profiles.new_ticket(people.mailbox, people.owner, TargetDevice.MAC, with_password=False)
        assert not fetched(ticket.token()).content.startswith(b"<?xml")
