"""One POP3 session's way to the store: what it asked, what it holds, and how it ends."""

from collections.abc import Callable, Sequence
from typing import Any

from controlpanel.mailboxes.sign_in import Account, Proof
from controlpanel.mailstore.maildrop import Closed, Closing, Held, LeaseLost, Wanted
from pop3service.backend import refusals
from pop3service.backend.login import Live, enter
from pop3service.backend.proving import (
    sign_in_steps,
    token_login,
)
from pop3service.backend.reading import Reader
from pop3service.backend.recording import Recording
from pop3service.backend.safety import check_line, note_unsafe
from pop3service.backend.steps import Steps, ask, ignore, run
from pop3service.backend.store import UNAVAILABLE, Store
from pop3service.requests import (
    CheckLine,
    Finish,
    Finished,
    Listing,
    Login,
    LoginAnswer,
    ReadListing,
    ReadMessage,
    ReadMore,
    ReadUniqueIds,
    Reason,
    Refused,
    ScramFailed,
    ScramLogin,
    ScramLookup,
    StopReading,
    TokenLogin,
    Unavailable,
)
from pop3service.server.ports import Line

QUIT = "quit"


class Pop3Door:
    """`account`: whose SCRAM exchange is under way. `closed`: the connection is gone. `refused`: why it was, last."""

    __slots__ = (
        "_done",
        "_failed",
        "_fetched",
        "_finishing",
        "_live",
        "_noted",
        "_reader",
        "_recording",
        "_removed",
        "account",
        "closed",
        "line",
        "protocol",
        "refused",
        "store",
    )

    def __init__(self, store: Store, line: Line) -> None:
        self.store = store
        self.line = line
        self.protocol = "pop3"
        self.account: Account | None = None
        self.closed = False
        self.refused = ""
        self._live: Live | None = None
        self._reader: Reader | None = None
        self._recording: Recording | None = None
        self._finishing = self._failed = self._done = self._noted = False
        self._fetched = self._removed = 0

    def ask(self, request: Any, answer: Callable[[Any], None]) -> None:
        """Answer at once what is at hand, else go and ask."""
        reader = self._reader
        match request:
            case ReadMessage() if reader is not None and (body := reader.at_hand(request.number)) is not None:
                answer(body)
            case ReadMore() if reader is not None and reader.at_end:
                answer(b"")
            case StopReading() if reader is not None:
                reader.stop()
                answer(None)
            case CheckLine():
                answer(self._check_line(request))
            case Finish() if not request.removed and not self._session.opening.exclusive:
                self._finish_unasked(request)
                answer(Finished())
            case _:
                run(self._steps(request), answer, UNAVAILABLE)

    def come_in(self, account: Account, proof: Proof, mechanism: str) -> Steps[LoginAnswer]:
        return enter(self, account, proof, mechanism)

    def listen(self, account: Account | None) -> None:
        """Have the dialogue written down where the account wants that: from its beginning, as nobody knew before."""
        if account is not None and account.recorded and self._recording is None:
            self._recording = Recording(account.mailbox)
            self.line.record(self._recording.hear)

    def enter(self, live: Live) -> None:
        """The maildrop is open. Where the client left meanwhile, it is closed again."""
        self.account = None
        self._live = live
        self.store.sessions[live.opened.session] = self
        if live.opening.exclusive:
            self.line.watch_closely()
        if self.closed:
            self._leave("lost", ())

    def close(self, rest: Any, reason: str) -> dict[str, object]:
        """The connection is gone, `rest` are the messages fetched whole. Returns the session's part of the log line."""
        self.closed = True
        reason = "fault" if self._failed else reason
        said = self._said(reason, len(rest or ()))
        self._tell_dialogue(QUIT if self._done else reason)
        if self._live is not None and not self._done and not self._finishing:
            self._leave(reason, rest or ())
        return said

    def _tell_dialogue(self, reason: str) -> None:
        """Hand over what was written down, unless another mailbox was opened in the end."""
        recording, opening = self._recording, None if self._live is None else self._live.opening
        if recording is not None and (opening is None or opening.mailbox_id == recording.mailbox):
            self.store.dialogues.ask(recording.spoken(self.line, opening, reason), ignore)

    def held(self) -> Held | None:
        """Return the session as a renewal takes it anew; None where it is on its way out."""
        live = self._live
        if live is None or self._done or self._finishing:
            return None
        return Held(live.opened.session, live.opened.change, live.started, live.opening)

    def spare_memory(self) -> None:
        if self._reader is not None:
            self._reader.drop()

    @property
    def _session(self) -> Live:
        assert self._live is not None, "this is asked after login"
        return self._live

    def _check_line(self, request: CheckLine) -> Reason | None:
        """A refusal is written down once a connection, with nobody waiting: all names take the same time."""
        refusal = check_line(self, request)
        if refusal is None:
            return None
        if not self._noted:
            self._noted = True
            run(note_unsafe(self, request, refusal), ignore, None)
        return refusals.REFUSED[refusal].reason

    def _steps(self, request: Any) -> Steps[Any]:
        match request:
            case Login() | ScramLookup() | ScramLogin() | ScramFailed():
                return sign_in_steps(self, request)
            case TokenLogin():
                return token_login(self, request)
            case ReadListing():
                return self._listing(request)
            case Finish():
                return self._finish(request)
        return self._read(request)

    def _listing(self, request: ReadListing) -> Steps[Listing | Unavailable]:
        live = self._session
        reads = self.store.ascii_reads if request.ascii else self.store.reads
        wanted = Wanted(live.opening.mailbox_id, live.opened.change)
        found = yield from ask(reads.listings, wanted)
        if isinstance(found, Unavailable):
            return found
        self._reader = Reader(self.store, reads, wanted, found)
        return Listing(found.octets)

    def _read(self, request: ReadUniqueIds | ReadMessage | ReadMore) -> Steps[Any]:
        assert self._reader is not None, "the listing comes before what stands in it"
        match request:
            case ReadUniqueIds():
                return self._reader.unique_ids(request.first, request.count)
            case ReadMessage():
                return self._reader.message(request.number)
            case ReadMore():
                return self._reader.more()

    # The end

    def _finish(self, request: Finish) -> Steps[Finished | Refused | Unavailable]:
        """QUIT that removes: its reply tells the outcome. On any fault the session stays, and nothing is removed."""
        closing = self._closing(QUIT, self._ids(request.removed), self._ids(request.fetched))
        self._finishing = True
        result = yield from ask(self.store.closings, closing)
        self._finishing = False
        if isinstance(result, Closed):
            self._fetched, self._removed = len(request.fetched), result.removed
            self._forget()
            return Finished()
        self._failed = True
        if self.closed:
            self._leave("fault", request.fetched)
        return refusals.in_use(0) if isinstance(result, LeaseLost) else result

    def _finish_unasked(self, request: Finish) -> None:
        """QUIT that removes nothing needs no answer from the store."""
        self._fetched = len(request.fetched)
        self._leave(QUIT, request.fetched)

    def _leave(self, reason: str, fetched: Sequence[int]) -> None:
        self.store.finish(self._closing(reason, (), self._ids(fetched)))
        self._forget()

    def _forget(self) -> None:
        """The store has been told of the end: hold nothing more of the session."""
        live = self._session
        self.store.sessions.pop(live.opened.session, None)
        self.store.leave_mailbox(live.opening.mailbox_id)
        self.spare_memory()
        self._reader = None
        self._done = True

    def _ids(self, numbers: Sequence[int]) -> list[int]:
        return self._reader.ids(numbers) if numbers and self._reader is not None else []

    def _closing(self, reason: str, removed: Sequence[int], fetched: Sequence[int]) -> Closing:
        live = self._session
        opening = live.opening
        return Closing(
            session=live.opened.session,
            mailbox_id=opening.mailbox_id,
            removed=removed,
            fetched=fetched,
            device_id=opening.device_id,
            device=opening.device,
            address=opening.address,
            tls=opening.tls,
            mechanism=opening.mechanism,
            started=live.started,
            octets_sent=self.line.sent,
            ended_by=reason,
        )

    def _said(self, reason: str, fetched: int) -> dict[str, object]:
        if self._live is None:
            return {"refused": self.refused or None}
        return {
            "mailbox": self._live.address,
            "mechanism": self._live.opening.mechanism,
            "device": self._live.opening.device or None,
            "fetched": self._fetched or fetched,
            "removed": self._removed,
            "reason": QUIT if self._done else reason,
        }
