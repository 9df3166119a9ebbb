"""Both servers with the same accounts and messages, started for one sitting and ended by process id."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import dovecot
from bench.casilla import Account, Casilla
from bench.load import Load
from bench.rounds import Server, Sitting, warn
from bench.works import Group


@dataclass
class House:
    """`long`: measure all there is. `peer` is None where Dovecot is not installed."""

    sitting: Sitting
    casilla: Casilla
    peer: dovecot.Dovecot | None
    long: bool
    _groups: dict[str, list[Account]] = field(default_factory=dict)

    def ensure(self, group: Group, kind: str = "both", servers: Sequence[Server] = ()) -> None:
        """Make a group's mailboxes on both sides, with its messages there, or on `servers` alone; once."""
        if group.name not in self._groups:
            made = self.casilla.make_accounts(group.name, group.mailboxes, kind)
            lines = [f"{account.address} {account.password}\n" for account in made]
            self.sitting.accounts(group).write_text("".join(lines))
            self._groups[group.name] = made
            if self.peer is not None:
                self.peer.add(made)
            for server in servers or self.sitting.servers:
                self.refill(server, group)
            self.casilla.settle()

    def refill(self, server: Server, group: Group) -> None:
        if group.messages:
            server.fill(self._groups[group.name], group.messages, group.octets)


@contextmanager
def opened(
    folder: Path, *, long: bool, seconds: float, rounds: int, patience: float, works: tuple[str, ...] = ()
) -> Iterator[House]:
    """Start both servers below `folder`. Raises NoCompilerError."""
    load = Load(folder)
    with ExitStack() as stack:
        casilla = Casilla(folder)
        stack.callback(casilla.stop)
        casilla.start()
        servers: list[Server] = [casilla]
        peer = None
        if (program := dovecot.program()) is not None:
            peer = dovecot.Dovecot(program, folder)
            stack.callback(peer.stop)
            peer.start()
            servers.append(peer)
        else:
            warn("no Dovecot 2.3 here (apt-get install dovecot-pop3d dovecot-lmtpd), so Casilla is measured alone")
        yield House(Sitting(load, folder, servers, seconds, rounds, patience, works), casilla, peer, long)
