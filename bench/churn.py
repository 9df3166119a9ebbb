"""Deliver and remove, over and over: how large the store grows, and whether it slows down.

What waits for days in life waits for a minute here: removed messages go at once, their bodies are swept as soon as the
store's own minute of grace has passed, and their rows are forgotten then. So what a quarter of a year piles up is a
minute's work, and what grows after that grows without bound.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection

from bench import processes
from bench.casilla import DOMAIN
from bench.house import House
from bench.rounds import say
from bench.works import Group

TURNED = Group("turned", 100)
MESSAGES = 2500  # a cycle
MINUTES = {False: 2.0, True: 12.0}
TABLES = ("mailstore_message", "mailstore_messagechunk", "mailstore_fetched", "mailboxes_usage", "mailstore_session")

SIZES = """
SELECT sum(pg_total_relation_size(relid)), sum(n_dead_tup), sum(n_live_tup), sum(autovacuum_count)
FROM pg_stat_user_tables WHERE relname = ANY(%s)
"""


@dataclass
class Cycle:
    """After a cycle: messages so far; octets of the tables and rows in them; CPU a message of each step."""

    seconds: float
    messages: int
    octets: int
    dead: int
    live: int
    vacuums: int
    deliver: float
    drain: float
    retention: float


def run(house: House) -> list[dict[str, Any]]:
    from controlpanel.mailboxes.models import Domain
    from controlpanel.mailstore.retention import by_time

    house.ensure(TURNED)
    Domain.objects.filter(name=DOMAIN).update(restore_days=0)
    before, by_time.FORGET_DAYS = by_time.FORGET_DAYS, 0
    try:
        return [vars(cycle) for cycle in cycles(house)]
    finally:
        by_time.FORGET_DAYS = before
        Domain.objects.filter(name=DOMAIN).update(restore_days=14)


def cycles(house: House) -> list[Cycle]:
    began, done, found = time.monotonic(), 0, []
    while time.monotonic() - began < MINUTES[house.long] * 60:
        deliver = step(house, "deliver", "-c", "20", "-n", str(MESSAGES))
        drain = step(house, "drain", "-c", "20", "-n", str(TURNED.mailboxes))
        retention = retained(house)
        done += MESSAGES
        cycle = Cycle(round(time.monotonic() - began, 1), done, *measured(), deliver, drain, retention)
        found.append(cycle)
        if len(found) % 10 == 1:
            say(
                f"churn: {done:,} messages, {cycle.octets / 2**20:,.0f} MiB, {cycle.dead:,} dead rows; "
                f"deliver {deliver * 1e6:,.0f} µs, drain {drain * 1e6:,.0f} µs, retention {retention * 1e6:,.0f} µs"
            )
    return found


def step(house: House, mode: str, *options: str) -> float:
    """Return processor seconds a message."""
    target = house.casilla.target
    port = target.ports.lmtp if mode == "deliver" else target.ports.pop3
    one = house.sitting.load.run(target, house.sitting.accounts(TURNED), "-m", mode, *options, port=port)
    if one["failed"]:
        raise RuntimeError(f"{mode}: {one['failed']:.0f} failed")
    return one.cpu / MESSAGES


def retained(house: House) -> float:
    """Do what run_jobs does, until nothing is left; return PostgreSQL's processor seconds a message."""
    from controlpanel.mailstore import retention

    roots = house.casilla.target.roots[1:]
    before = processes.cpu_seconds(roots)
    for work in (retention.let_go, retention.sweep_bodies, retention.forget):
        while work():
            pass
    return (processes.cpu_seconds(roots) - before) / MESSAGES


def measured() -> tuple[int, int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [list(TABLES)])
        octets, dead, live, vacuums = cursor.fetchone()
    return int(octets), int(dead), int(live), int(vacuums)
