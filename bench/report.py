"""docs/benchmarks.md and its pictures: what stands between the marks there is written here, the rest by people."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.drawing import Line, draw

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PICTURES = ROOT / "docs" / "pictures"

Results = dict[str, Any]


def write(results: Results) -> None:
    """Renew the parts that these results tell, and leave the others as they are."""
    text = DOCUMENT.read_text()
    for name, part in parts(results).items():
        text = re.sub(rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)", rf"\g<1>{part}\g<2>", text, flags=re.DOTALL)
    DOCUMENT.write_text(text)
    PICTURES.mkdir(exist_ok=True)
    for name, picture in pictures(results).items():
        (PICTURES / f"bench-{name}.svg").write_text(picture)


def parts(results: Results) -> dict[str, str]:
    made: dict[str, Callable[[Any], str]] = {
        "machine": machine,
        "pop3": compared,
        "lmtp": compared,
        "first": first,
        "memory": memory,
        "panel": panel,
        "churn": churn,
    }
    return {name: make(results[name]) for name, make in made.items() if name in results}


def machine(found: dict[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in found["postgresql_settings"].items())
    rows = [
        ("measured", f"{found['day']}, at {found['commit']}"),
        ("processors", found["processors"]),
        ("memory", found["memory"]),
        ("kernel", found["kernel"]),
        ("a small write on disk", f"{found['fsync'] * 1e3:.2f} ms"),
        ("Python", f"{found['python']}, Django {found['django']}, psycopg {found['psycopg']}, {found['loop']}"),
        ("TLS", found["openssl"]),
        ("PostgreSQL", f"{found['postgresql']}: fsync on, {settings}"),
        ("Dovecot", found["dovecot"] or "not installed"),
    ]
    return table(("", ""), rows, "--")


def compared(works: Sequence[dict[str, Any]]) -> str:
    head = ("work", "Casilla", "Dovecot", "times", "CPU: Casilla", "Dovecot", "times", "to reach")
    return table(head, [row(work) for work in works if "casilla" in work], "-rrrrrrr")


def row(work: dict[str, Any]) -> tuple[str, ...]:
    ours, theirs = work["casilla"], work.get("dovecot")
    failed = sum(side["failed"] for side in (ours, theirs) if side)
    words = work["words"] + (f" ({failed} failed)" if failed else "")
    reach = f"{work['reach']:g}" + (f", {work['beyond']:g}" if work["beyond"] else "")
    if theirs is None:
        return (words, rate(ours, work), "", "", cost(ours["cpu"]), "", "", reach)
    ratios = f"**{work['ratio']:.1f}**", f"{work['cpu_ratio']:.1f}"
    return (
        words,
        rate(ours, work),
        rate(theirs, work),
        ratios[0],
        cost(ours["cpu"]),
        cost(theirs["cpu"]),
        ratios[1],
        reach,
    )


def rate(side: dict[str, Any], work: dict[str, Any]) -> str:
    value = side["rate"]
    return f"{value:,.0f} {work['unit']}/s" if value >= 10 else f"{value:.1f} {work['unit']}/s"


def cost(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"


def first(found: Sequence[dict[str, Any]]) -> str:
    rows = [(each["words"], f"{each['rate']:,.0f}/s", cost(each["cpu"])) for each in found]
    return table(("first sign-in with", "rate", "CPU"), rows, "-rr")


def memory(found: dict[str, Any]) -> str:
    rows = [
        (
            each["server"],
            "TLS" if each["tls"] else "in clear",
            f"{each['sessions']:,}",
            f"{each['octets'] / 1000:,.1f} kB",
            f"{each['login_p50']:.1f} ms, {each['login_p99']:.1f} ms",
        )
        for each in found["waiting"]
    ]
    huge = found["huge"]
    return (
        table(("server", "line", "sessions", "memory a session", "a sign-in beside them, p99"), rows, "--rrr")
        + f"\n{huge['sessions']} sessions that fetch 100 MiB at once make Casilla's process grow by "
        f"{huge['octets'] / 2**20:.1f} MiB each.\n"
    )


def panel(found: Sequence[dict[str, Any]]) -> str:
    rows = [
        (each["words"], f"{each['seconds'] * 1e3:.0f} ms", f"{each['longest'] * 1e3:.0f} ms", str(each["statements"]))
        for each in found
    ]
    return table(("page", "median", "longest of 7", "statements"), rows, "-rrr")


def churn(cycles: Sequence[dict[str, Any]]) -> str:
    """Show the beginning, and every sixth part of the way."""
    places = sorted({0, *(len(cycles) * part // 6 - 1 for part in range(1, 7))} - {-1})
    rows = [
        (
            f"{cycle['messages']:,}",
            f"{cycle['octets'] / 2**20:,.0f} MiB",
            f"{cycle['live']:,}",
            f"{cycle['dead']:,}",
            str(cycle["vacuums"] - cycles[0]["vacuums"]),
            cost(cycle["deliver"]),
            cost(cycle["drain"]),
            cost(cycle["retention"]),
        )
        for cycle in (cycles[place] for place in places)
    ]
    head = ("messages so far", "size", "rows", "dead rows", "autovacuums", "CPU: deliver", "fetch, remove", "retention")
    return table(head, rows, "rrrrrrrr")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    rule = "|" + "|".join("---:" if side == "r" else "---" for side in sides) + "|"
    return "\n".join([lines[0], rule, *lines[1:], ""])


# Pictures


def pictures(results: Results) -> dict[str, str]:
    made = {"concurrency": concurrency, "idle": idle, "sizes": sizes, "churn": churned}
    return {name: make(results[name]) for name, make in made.items() if results.get(name)}


def concurrency(points: Sequence[dict[str, Any]]) -> str:
    lines = [
        Line(name, [(each["at"], each["figures"]["rate"]) for each in points if each["server"] == name])
        for name in servers(points)
    ]
    return draw("Polls a second", ("sessions at once", True), ("sessions a second", False), lines)


def idle(points: Sequence[dict[str, Any]]) -> str:
    lines = [
        Line(
            f"{name}, {words}",
            [(each["at"], each["figures"][key]) for each in points if each["server"] == name],
            dashed,
        )
        for name in servers(points)
        for words, key, dashed in (("median", "login_p50", False), ("p99", "login_p99", True))
    ]
    return draw("A sign-in beside idle sessions", ("idle sessions", False), ("milliseconds", True), lines)


def sizes(points: Sequence[dict[str, Any]]) -> str:
    lines = [
        Line(words, [(each["size"], each[key] * 1e6) for each in points if each["server"] == "Casilla"])
        for words, key in (("delivered", "deliver"), ("fetched, pipelined", "pipe"), ("listed: LIST and UIDL", "list"))
    ]
    return draw("What a message costs by the size of its mailbox", ("messages in it", True), ("µs CPU", True), lines)


def churned(cycles: Sequence[dict[str, Any]]) -> str:
    lines = [
        Line("size, MiB", [(each["messages"], each["octets"] / 2**20) for each in cycles]),
        Line("deliver, µs CPU", [(each["messages"], each["deliver"] * 1e6) for each in cycles], True),
        Line("fetch and remove, µs CPU", [(each["messages"], each["drain"] * 1e6) for each in cycles], True),
    ]
    return draw("Deliver and remove, over and over", ("messages so far", False), ("", False), lines)


def servers(points: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(each["server"] for each in points))
