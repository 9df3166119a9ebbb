"""One page says what ends and what goes on; one click does it, and one undoes it."""

from controlpanel.mailboxes.models import Mailbox
from tests.panel.conftest import People
from tests.panel.reading import beside
from tests.store.factories import make_mailbox, put


def test_a_mailbox_is_handed_over_and_taken_back(people: People) -> None:
    put(people.mailbox)
    make_mailbox("luis@papelera.example")
    client = people.client("administrator")
    where = f"/mailboxes/{people.mailbox.pk}/hand-over/"
    page = client.get(where).text
    assert "1 device password is revoked" in page
    assert "1 alias that leads here leads there." in page
    assert "1 message waits" in page
    page = client.post(where, {"target": "eva@otra.example", "move": "move"}).text
    assert beside(page, "target") == "There is no mailbox eva@otra.example."
    assert 'value="eva@otra.example"' in page
    page = client.post(where, {"target": "Luis@papelera.example", "move": "move"}, follow=True).text
    assert "Mail to ana@papelera.example goes on." in page
    assert "Handed over: mail to ana@papelera.example goes to luis@papelera.example." in page
    assert "1 message was moved." in page
    client.post(f"/mailboxes/{people.mailbox.pk}/undelete/")
    assert Mailbox.objects.get(pk=people.mailbox.pk).address_text == "ana@papelera.example"
    assert "Handed over" not in client.get(f"/mailboxes/{people.mailbox.pk}/").text
