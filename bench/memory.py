"""What a waiting session holds in memory, and what a message of 100 MiB takes on its way out."""

from bench import processes
from bench.curves import VISITORS, poll
from bench.house import House
from bench.rounds import Server, say
from bench.works import HUGE, Group

WAITING = Group("waiting", 1000)
EACH = {"Casilla": 10, "Dovecot": 1}  # sessions a mailbox; Dovecot locks it
AT_ONCE = 4  # who fetch the huge message


def run(house: House) -> dict[str, object]:
    house.ensure(WAITING, "device")
    house.ensure(VISITORS)
    waiting = [
        waiting_session(house, server, tls)
        for server in house.sitting.servers
        for tls in ((False, True) if house.sitting.load.tls else (False,))
    ]
    return {"waiting": waiting, "huge": huge(house)}


def waiting_session(house: House, server: Server, tls: bool) -> dict[str, object]:
    """Measure what the service's processes grow by, a session; PostgreSQL holds one small row for each."""
    target = server.target
    roots = target.roots[:1]
    each = EACH[server.name]
    accounts = house.sitting.accounts(WAITING)
    port, options = (target.ports.pop3s, ["-T"]) if tls else (target.ports.pop3, [])
    for name in (accounts, house.sitting.accounts(VISITORS)):
        house.sitting.load.run(target, name, "-m", "poll", "-c", "50", "-n", "500", *options, port=port)
    before = processes.memory(roots)
    with house.sitting.load.idling(
        accounts, "-c", str(WAITING.mailboxes * each), "-k", str(each), *options, port=port
    ) as held:
        octets = (processes.memory(roots) - before) / max(1, held)
        beside = poll(house, server, VISITORS, 4, ("-t", str(house.sitting.seconds)))
    line = "under TLS" if tls else "in clear"
    say(f"memory of a session that waits {line}: {server.name} {octets / 1000:,.1f} kB ({held} sessions)")
    login = {name: beside[name] for name in ("login_p50", "login_p99")}
    return {"server": server.name, "tls": tls, "sessions": held, "octets": octets, **login}


def huge(house: House) -> dict[str, float]:
    """Measure by how much the mail worker's memory rises while some sessions fetch 100 MiB each."""
    house.ensure(HUGE)
    target, worker = house.casilla.target, house.casilla.worker
    before = processes.resident(worker)
    processes.forget_peak(worker)
    options = ("-m", "fetch", "-c", str(AT_ONCE), "-k", str(AT_ONCE), "-n", str(AT_ONCE))
    one = house.sitting.load.run(target, house.sitting.accounts(HUGE), *options, port=target.ports.pop3)
    grown = max(0, processes.peak(worker) - before) / AT_ONCE
    say(f"100 MiB fetched {AT_ONCE} times at once: {grown / 2**20:.1f} MiB a session, {one['failed']:.0f} failed")
    return {"octets": grown, "sessions": AT_ONCE, "failed": one["failed"]}
