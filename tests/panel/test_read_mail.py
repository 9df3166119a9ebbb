"""A message read in the browser: its text and nothing that does anything; the whole of it as a file."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from django.http import StreamingHttpResponse

from controlpanel.mailstore.models import CHUNK_OCTETS, Message
from tests.panel.conftest import People
from tests.store.factories import make_mailbox, make_message, put, remove

EVIL = '<p onclick="x()">Hola <img src="https://pixel.example/p.gif"><script>alert(1)</script><b>Ana</b></p>'


@pytest.fixture
def number(people: People) -> int:
    message = EmailMessage(policy=SMTP)
    message["From"] = "José <jose@otra.example>"
    message["Subject"] = 'Año "2026"/../\r'.strip()
    message.set_content(EVIL, subtype="html")
    message.add_attachment(b"x" * 3000, maintype="application", subtype="pdf", filename="factura.pdf")
    [number] = put(people.mailbox, message.as_bytes(), sender="bounce@otra.example", recipient="info@papelera.example")
    return number


@pytest.fixture
def there(people: People, number: int) -> str:
    return f"/mail/{people.mailbox.pk}/messages/{number}/"


def test_its_text_is_read_and_does_nothing(people: People, there: str) -> None:
    answer = people.client("owner").get(there)
    page = answer.text
    for shown in ("Hola", "Ana", "factura.pdf", "2.9\u00a0kB", "jose@otra.example", "bounce@otra.example", "info@"):
        assert shown in page, shown
    for left_out in ("pixel.example", "alert(1)", "onclick", "<b>Ana"):
        assert left_out not in page, left_out
    assert "no-store" in answer["Cache-Control"]


def test_the_file_has_the_octets_that_pop3_gives(people: People, there: str) -> None:
    body = make_message("large", octets=3 * CHUNK_OCTETS + 5)
    [number] = put(people.mailbox, body)
    answer = people.client("owner").get(f"/mail/{people.mailbox.pk}/messages/{number}/eml/")
    assert isinstance(answer, StreamingHttpResponse)
    assert answer.getvalue() == body
    assert answer["Content-Length"] == str(len(body))
    assert answer["Content-Disposition"] == 'attachment; filename="large.eml"'
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("", 'filename="message {}.eml"'),
        ("../../etc/passwd", 'filename="etc passwd.eml"'),
        ("=?utf-8?q?A=C3=B1o_=22x=22=0D=0AX:_y?=", "filename*=utf-8''A%C3%B1o%20x%20X%20y.eml"),
        ("x" * 300, f'filename="{"x" * 60}.eml"'),
    ],
)
def test_the_file_has_a_harmless_name(people: People, there: str, number: int, subject: str, name: str) -> None:
    Message.objects.filter(pk=number).update(subject=subject)
    said = people.client("owner").get(f"{there}eml/")["Content-Disposition"]
    assert said == f"attachment; {name.format(number)}"


def test_only_the_first_of_a_huge_message_is_read(people: People) -> None:
    [number] = put(people.mailbox, make_message("huge", octets=8 * 2**20 + 10))
    page = people.client("owner").get(f"/mail/{people.mailbox.pk}/messages/{number}/").text
    assert "longer than what is read for this page" in page
    assert len(page) < 400_000


def test_a_removed_message_is_read_until_it_is_gone(people: People, there: str, number: int) -> None:
    remove(people.mailbox, number)
    client = people.client("owner")
    assert "Restore" in client.get(there).text
    client.post(f"/mail/{people.mailbox.pk}/messages/", {"act": "delete", "message": [number]})
    assert client.get(there).status_code == 404
    assert client.get(f"{there}eml/").status_code == 404


@pytest.mark.parametrize("role", ["administrator", "operator", "other_owner"])
def test_nobody_else_reads_it(people: People, there: str, role: str) -> None:
    client = people.client(role)
    assert client.get(there).status_code == 404
    assert client.get(f"{there}eml/").status_code == 404


def test_a_message_of_another_mailbox_is_not_there(people: People) -> None:
    [number] = put(make_mailbox("zoe@papelera.example"))
    client = people.client("owner")
    for asked in (number, 2**63, 10**30):
        assert client.get(f"/mail/{people.mailbox.pk}/messages/{asked}/").status_code == 404
