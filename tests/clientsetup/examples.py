"""Descriptions that the tests share, and strategies for names and hosts as people write them."""

from dataclasses import replace

from hypothesis import strategies as st

from controlpanel.clientsetup.service import (
    KEEP_ALWAYS,
    REMOVE,
    Person,
    Retention,
    Security,
    Server,
    ServiceDescription,
)

SERVICE = ServiceDescription(
    domain="example.test",
    name="Correo Ñandú & Cía <mail>",
    short_name="Ñandú",
    pop3s=Server("pop.example.net", 995),
    pop3=Server("pop.example.net", 110, Security.STARTTLS),
    outgoing=Server("smtp.example.net", 465),
    documentation={"en": "https://panel.example.net/help?a=1&b=2", "es": "https://panel.example.net/es/ayuda"},
)
ANA = Person("ana@example.test", "Ana Núñez", "17")
RECEIVE_ONLY = replace(SERVICE, outgoing=None)
STLS_ONLY = replace(SERVICE, pop3s=None, outgoing=Server("smtp.example.net", 587, Security.STARTTLS))

labels = st.from_regex(r"\A[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9})?\Z").filter(lambda label: label[2:4] != "--")
unicode_labels = st.text("abcñáéíóúüçæø", min_size=1, max_size=20)
hosts = st.lists(labels | unicode_labels, min_size=2, max_size=5).map(".".join)
ports = st.integers(1, 65535)
securities = st.sampled_from(Security)
retentions = st.sampled_from([KEEP_ALWAYS, REMOVE]) | st.integers(1, 3650).map(lambda days: Retention(days=days))
printable = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))


def names(limit: int) -> st.SearchStrategy[str]:
    """Names of at most `limit` characters, hostile to markup, and never empty once stripped."""
    marked = st.sampled_from(["&", "<b>", '"', "'", "]]>", "<!--", "%", "\\", "Ñ", "邮", "🐌"])
    text = st.lists(printable | marked, min_size=1, max_size=limit).map("".join)
    return text.map(lambda value: value[:limit].strip().replace("%", "") or "x").filter(
        lambda value: len(value) <= limit
    )


@st.composite
def services(draw: st.DrawFn) -> ServiceDescription:
    kinds = draw(st.sampled_from(["both", "tls", "stls"]))
    return ServiceDescription(
        domain=draw(hosts),
        name=draw(names(40)),
        short_name=draw(names(12)),
        pop3s=Server(draw(hosts), draw(ports)) if kinds != "stls" else None,
        pop3=Server(draw(hosts), draw(ports), Security.STARTTLS) if kinds != "tls" else None,
        outgoing=draw(st.none() | st.builds(Server, hosts, ports, securities)),
        mx_domain=draw(st.none() | hosts),
        retention=draw(retentions),
        documentation=draw(st.sampled_from([{}, SERVICE.documentation])),
    )


local_parts = st.from_regex(r"\A[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\.[a-z0-9]{1,10}){0,2}\Z")
people = st.builds(
    lambda local, domain, name, number: Person(f"{local}@{domain}", name, str(number)),
    local_parts,
    hosts,
    names(60),
    st.integers(1, 10**9),
)
