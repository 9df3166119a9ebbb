"""The two tables, POP3 and LMTP works of Casilla beside Dovecot; and what a first sign-in costs."""

from bench.house import House
from bench.rounds import Figure, say, told, wanted
from bench.works import POP3, Group, Work, deliveries

FIRST = (("main", "a person's password (Argon2id, 19 MiB)"), ("device", "a device password"))
FIRST_MAILBOXES = 100


def pop3(house: House) -> list[dict[str, object]]:
    return [compared(house, work) for work in wanted(house.sitting, POP3)]


def lmtp(house: House) -> list[dict[str, object]]:
    works = deliveries() if house.long else [work for work in deliveries() if work.connections != 10]
    return [compared(house, work) for work in wanted(house.sitting, works)]


def compared(house: House, work: Work) -> dict[str, object]:
    house.ensure(work.group)
    if work.port == "pop3s" and not house.sitting.load.tls:
        return {"work": work.name, "words": work.words}
    warm_up(house, work)
    figures = house.sitting.measure(work, lambda server: house.refill(server, work.group))
    for name, figure in figures.items():
        say(f"{work.words:<46} {name:<8} {told(figure, work.unit)}")
    result: dict[str, object] = {"work": work.name, "words": work.words, "unit": work.unit, "reach": work.reach}
    result |= {"beyond": work.beyond} | {name.lower(): figure.to_json() for name, figure in figures.items()}
    if len(figures) == 2:
        result |= ratios(figures["Casilla"], figures["Dovecot"])
        say(f"{'':<46} ratio    {result['ratio']:.2f} ({result['cpu_ratio']:.2f} by CPU)")
    return result


def ratios(ours: Figure, theirs: Figure) -> dict[str, float]:
    """Return how many times as fast we are, and how many times as little processor time we take."""
    return {"ratio": ours.rate / theirs.rate, "cpu_ratio": theirs.cpu / ours.cpu}


def warm_up(house: House, work: Work) -> None:
    """Let every mailbox do it once: what a server does only the first time belongs to no round."""
    mode = "list" if work.mode == "drain" else work.mode
    once = ("-m", mode, "-c", "10", "-n", str(work.group.mailboxes))
    for server in house.sitting.servers:
        target = server.target
        port = target.ports.lmtp if work.mode == "deliver" else target.ports.pop3
        house.sitting.load.run(target, house.sitting.accounts(work.group), *once, port=port)


def first_sign_ins(house: House) -> list[dict[str, object]]:
    """Measure sign-ins of which nothing is remembered yet."""
    results = []
    for kind, words in FIRST:
        group = Group(f"first-{kind}", FIRST_MAILBOXES)
        house.ensure(group, kind)
        target = house.casilla.target
        options = ("-m", "poll", "-c", "10", "-n", str(group.mailboxes))
        one = house.sitting.load.run(target, house.sitting.accounts(group), *options, port=target.ports.pop3)
        say(f"first sign-in with {words}: {one['rate']:,.0f}/s, {one.cpu / one['done'] * 1e3:.1f} ms CPU")
        results.append({"words": words, "rate": one["rate"], "cpu": one.cpu / one["done"], "others": one.others})
    return results
