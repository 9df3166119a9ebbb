"""What mail, its clients, owners and time ask of the store: every statement of a hot path is said at least once."""

from dataclasses import replace
from itertools import pairwise

from django.http import QueryDict

from controlpanel.accounts import throttle
from controlpanel.journal import record
from controlpanel.mailboxes import sending, sign_in
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.recipients import Recipient, find_recipients
from controlpanel.mailstore import overview, retention, tracing
from controlpanel.mailstore.beside import Fate
from controlpanel.mailstore.delivery import Chunk, deliver, discard_bodies, new_bodies, stage_chunks
from controlpanel.mailstore.maildrop import (
    Held,
    Opened,
    Page,
    Wanted,
    close_maildrops,
    list_maildrops,
    open_maildrops,
    re_take,
    read_bodies,
    read_chunks,
    renew,
    unique_id_pages,
    unique_ids,
)
from controlpanel.mailstore.onward import Onward, Passing, queue
from controlpanel.mailstore.onward.passing import Way
from controlpanel.panel import periods
from tests.store.factories import PROCESS, make_closing, make_delivery, make_opening


def people_sign_in(boxes: list[Mailbox]) -> None:
    accounts = [account for account in sign_in.find_accounts([box.address_text for box in boxes]) if account]
    assert len(accounts) == len(boxes)
    throttle.waits([sign_in.attempt(account.address, "192.0.2.1", "guess") for account in accounts])
    proofs = [sign_in.Proof(True, account.devices[0]) for account in accounts]
    sign_in.record_uses([sign_in.Use(*each, "192.0.2.1") for each in zip(accounts, proofs, strict=True)])


def mail_goes_out(boxes: list[Mailbox]) -> None:
    addresses = [box.address_text for box in boxes]
    submissions = [sending.Submission(*each) for each in pairwise(addresses)]
    assert all(sending.find_senders([*submissions, sending.Submission(addresses[0], "none@d1.example")]))
    assert all(sending.count(box.pk, 1, 100) for box in boxes)
    assert sending.sent_today(boxes[0].pk) == 1


def mail_comes(boxes: list[Mailbox]) -> None:
    find_recipients([Recipient(f"u{n}+x@d{n + 1}.example", 100) for n in range(10)])
    find_recipients([Recipient(f"none@d{n}.example") for n in range(10)])
    body, discarded = new_bodies(2)
    stage_chunks([Chunk(body, 0, b"x"), Chunk(discarded, 0, b"x")])
    discard_bodies([discarded])
    staged = replace(make_delivery(boxes[0], b"x"), chunks=(), body=body)
    deliver([staged, *[make_delivery(box) for box in boxes], *[make_delivery(box, uidl="old") for box in boxes]])
    mail_leaves(boxes[1])
    Mailbox.objects.filter(id=boxes[0].pk).update(quota=1)
    deliver([make_delivery(boxes[0])])


def mail_leaves(box: Mailbox) -> None:
    onward = [Onward(f"x{n}@elsewhere.example", "info@d.example") for n in range(4)]
    deliver([make_delivery(box, passing=Passing(Way(), 0, onward))])
    for fate in (Fate.SENT, Fate.REFUSED):
        claimed = queue.claim()
        assert claimed is not None, "it is due now"
        queue.read_chunk(claimed, 0)
        queue.end(claimed, fate, "250 taken", "SRS0=x@d.example")
    again, alone = queue.claim(), queue.claim()
    assert again is not None, "it is due now"
    assert alone is not None, "it is due now"
    queue.put_off(again, "451 later")
    queue.still_alone(alone)
    queue.forget()


def mail_goes(boxes: list[Mailbox]) -> None:
    renew(PROCESS)
    opened = open_maildrops([make_opening(box) for box in boxes])
    open_maildrops([make_opening(box, exclusive=True) for box in boxes])
    sessions = [each for each in opened if isinstance(each, Opened)]
    listings = list_maildrops([Wanted(box.pk, each.change) for box, each in zip(boxes, sessions, strict=True)])
    pages = [list(listing.ids) for listing in listings]
    unique_ids(pages)
    unique_id_pages([Page(box.pk, each.change, 0, 100) for box, each in zip(boxes, sessions, strict=True)])
    read_bodies([number for page in pages for number in page])
    read_chunks([(number, 0) for page in pages for number in page])
    re_take(
        [
            Held(each.session, each.change, boxes[0].created, make_opening(box))
            for box, each in zip(boxes, sessions, strict=True)
        ]
    )
    close_maildrops(
        [
            make_closing(box, each, page[:2], page)
            for box, each, page in zip(boxes[:15], sessions[:15], pages[:15], strict=True)
        ]
    )
    close_maildrops([make_closing(box, each) for box, each in zip(boxes[15:], sessions[15:], strict=True)])
    record.attempts([record.RefusedSignIn(box.pk, "pop3", None, "wrong") for box in boxes])
    record.refusals([record.Refusal(box.pk, "452") for box in boxes])


def pages_and_owners(box: Mailbox) -> None:
    for order in ("newest", "oldest", "largest"):
        shown = overview.waiting(box.pk, order=order)  # type: ignore[arg-type]
    gone = overview.removed_messages(box.pk)
    overview.message(box.pk, shown[0].id)
    overview.fetched_by([each.id for each in shown])
    overview.live_sessions(box.pk)
    days = periods.asked_for(QueryDict())
    tracing.find(tracing.Asked(box.pk, days.since, days.until, text="eva@"))
    tracing.find(tracing.Asked(box.pk, days.since, days.until, message_id="<x@y>"))
    overview.end_session(box.pk, 1)
    retention.remove_messages(box.pk, [each.id for each in shown])
    retention.restore(box.pk, [each.id for each in gone])
    retention.delete_for_good(box.pk, [each.id for each in shown])
