"""What changes with size: polls by concurrency, a sign-in beside idle sessions, a message by its mailbox."""

import resource

from bench.house import House
from bench.load import Round
from bench.rounds import Server, say
from bench.works import Group

CONCURRENCY = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
CROWD = Group("crowd", 1000, 5, 1024)
# The last one is what a process may open, where that is less: a connection is a file, on both ends.
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
IDLE = {"Casilla": (0, 1000, 2000, 5000, 10_000, 15_000, min(20_000, FILES - 500)), "Dovecot": (0, 200, 500, 1000)}
IDLERS = Group("idler", 2000)
VISITORS = Group("visitor", 50)
EACH = {"Casilla": 10, "Dovecot": 1}  # idle sessions a mailbox; Dovecot locks it
SIZES = (10, 100, 1000, 10_000, 100_000, 1_000_000)
SIZED_OCTETS = 1024
PEER_SIZE = 100_000  # more files take Dovecot's side minutes to make
DELIVERIES = "500"


def concurrency(house: House) -> list[dict[str, object]]:
    """Measure polls a second with 1 to 1,000 sessions at once, of a mailbox each."""
    house.ensure(CROWD)
    for server in house.sitting.servers:
        poll(house, server, CROWD, 40, ("-n", str(CROWD.mailboxes)))
    points = []
    for number in CONCURRENCY:
        for server in house.sitting.servers:
            one = poll(house, server, CROWD, number, ("-t", str(house.sitting.seconds)))
            say(f"{number} at once: {server.name} {one['rate']:,.0f} sessions/s, p99 {one['session_p99']:.0f} ms")
            points.append(point(server, number, one))
    return points


def idle(house: House) -> list[dict[str, object]]:
    """Measure how long a sign-in takes while so many sessions wait."""
    house.ensure(IDLERS, "device")
    house.ensure(VISITORS)
    points = []
    for server in house.sitting.servers:
        target, accounts = server.target, house.sitting.accounts(IDLERS)
        poll(house, server, VISITORS, 4, ("-n", "200"))
        for number in IDLE[server.name]:
            options = ("-c", str(max(1, number)), "-k", str(EACH[server.name]))
            with house.sitting.load.idling(accounts, *options, port=target.ports.pop3) as held:
                one = poll(house, server, VISITORS, 4, ("-t", str(house.sitting.seconds)))
            say(f"beside {held} idle: {server.name} signs in in {one['login_p50']:.1f} ms, p99 {one['login_p99']:.1f}")
            points.append(point(server, held, one))
    return points


def sizes(house: House) -> list[dict[str, object]]:
    """Measure what a message costs in mailboxes of 10 to 1,000,000: listed, fetched pipelined, delivered."""
    points = []
    for size in SIZES:
        group = Group(f"of{size}", 1, size, SIZED_OCTETS)
        servers = [each for each in house.sitting.servers if size <= PEER_SIZE or each is house.casilla]
        house.ensure(group, servers=servers)
        for server in servers:
            costs = {work: cost(house, server, group, work) for work in ("list", "pipe", "deliver")}
            said = ", ".join(f"{work} {value * 1e6:,.0f} µs" for work, value in costs.items())
            say(f"a message among {size:,}: {server.name} {said}")
            points.append({"server": server.name, "size": size, **costs})
    return points


def cost(house: House, server: Server, group: Group, work: str) -> float:
    """Return processor seconds a message."""
    target = server.target
    port = target.ports.lmtp if work == "deliver" else target.ports.pop3
    # As many sessions as make the work long enough to be measured by clock ticks.
    times = 1 if group.messages > 20_000 else min(500, 100_000 // group.messages)
    number = DELIVERIES if work == "deliver" else str(times)
    options = ("-m", work, "-c", "1", "-n", number, "-z", str(SIZED_OCTETS))
    one = house.sitting.load.run(target, house.sitting.accounts(group), *options, port=port)
    messages = one["done"] if work == "deliver" else one["done"] * group.messages
    return one.cpu / max(1.0, messages)


def poll(house: House, server: Server, group: Group, connections: int, limit: tuple[str, str]) -> Round:
    options = ("-m", "poll", "-c", str(connections), *limit)
    return house.sitting.load.run(server.target, house.sitting.accounts(group), *options, port=server.target.ports.pop3)


def point(server: Server, place: int, one: Round) -> dict[str, object]:
    return {"server": server.name, "at": place, "cpu": one.cpu / max(1.0, one["done"]), "others": one.others} | {
        "figures": one.figures
    }
