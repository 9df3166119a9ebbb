"""What the clock does, and how often. Each step is one short transaction and says whether there may be more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from controlpanel.accounts import throttle
from controlpanel.importing import running as importing
from controlpanel.jobs import (
    answers,
    held_notices,
    letters,
    line_notices,
    owner_notices,
    policy_notices,
    quota_digests,
    quota_notices,
    store_check,
)
from controlpanel.journal import forgetting
from controlpanel.mailboxes import changes
from controlpanel.mailstore import held, moving, retention, usage_days
from controlpanel.mailstore.onward import queue

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Step = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: its name, the seconds between two runs, and its steps, begun anew for each run."""

    name: str
    every: int
    steps: Callable[[], Iterator[None]]


def repeated(step: Step) -> Callable[[], Iterator[None]]:
    """Turn a step that says "there may be more" into the steps of a run."""

    def steps() -> Iterator[None]:
        more = True
        while more:
            more = step()
            yield

    return steps


def expire_all() -> Iterator[None]:
    """Walk through the mailboxes of all domains whose mail expires."""
    after: int | None = 0
    while after is not None:
        after = retention.expire(after)
        yield


def note_usage() -> Iterator[None]:
    """Look at what all mailboxes hold, and forget what is older than charts go back."""
    after: int | None = 0
    while after is not None:
        after = usage_days.note(after)
        yield
    while usage_days.prune():
        yield


def drop_deleted() -> Iterator[None]:
    """Drop what was deleted a month ago and holds no mail any more: mailboxes, then their domains."""
    while emptied := retention.emptied_mailboxes():
        dropped = [changes.drop_mailbox(mailbox) for mailbox in emptied]
        yield
        if not any(dropped):
            break
    changes.drop_domains()
    yield


SCHEDULE = [
    Work("import mailboxes", 5, importing.advance),
    Work("let go what was removed", MINUTE, repeated(retention.let_go)),
    Work("sweep bodies", MINUTE, repeated(retention.sweep_bodies)),
    Work("warn of full mailboxes", MINUTE, quota_notices.warn),
    Work("tell administrators of full mailboxes", 10 * MINUTE, quota_digests.tell_administrators),
    Work("send letters", 5, letters.send_due),
    Work("move what was handed over", MINUTE, repeated(moving.move_waiting)),
    Work("tell owners of changes", MINUTE, owner_notices.tell_owners),
    Work("note usage", HOUR, note_usage),
    Work("expire messages", 10 * MINUTE, expire_all),
    Work("drop what was held as spam", HOUR, repeated(held.expire)),
    Work("tell owners of held mail", 10 * MINUTE, held_notices.tell_owners),
    Work("sweep staged bodies", HOUR, repeated(retention.sweep_staged)),
    Work("tell owners of a coming policy", HOUR, policy_notices.tell_owners),
    Work("forget imports", HOUR, repeated(importing.forget)),
    Work("tell owners of the end of unsafe lines", HOUR, line_notices.tell_owners),
    Work("erase deleted mailboxes", HOUR, repeated(retention.erase_deleted)),
    Work("drop deleted mailboxes", HOUR, drop_deleted),
    Work("forget messages", HOUR, repeated(retention.forget)),
    Work("forget who was answered", HOUR, repeated(answers.forget)),
    Work("forget mail that left", HOUR, repeated(queue.forget)),
    Work("forget sessions", HOUR, repeated(forgetting.forget)),
    Work("check the store", DAY, store_check.check_all),
    Work("forget failed sign-ins", HOUR, repeated(lambda: throttle.forget() > 0)),
]
