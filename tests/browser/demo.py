"""Lively data to look at: a hoster, a small office and its people, one long address, 12,408 mailboxes in a row."""

import os
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from controlpanel.accounts.models import User
from controlpanel.jobs.models import Job
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import GIB, Address, Domain, Mailbox, State, Usage
from controlpanel.mailstore.models import StoreCheck
from controlpanel.panel.work import NAMES
from tests.browser.demo_mail import fill
from tests.store.factories import make_alias, make_domain, make_mailbox

PASSWORD = "una casilla bien guardada"
OPERATOR = "mesa@hosting.example"
ADMINISTRATOR = "lucia.ferreyra@estudio-contable.example"
OWNER = "ana@papelera-norte.example"
OFFICE = "papelera-norte.example"
UNIVERSITY = "universidad.example"
MANY = 12_408
LONGEST = "maria-de-los-angeles.fernandez-villaverde.direccion-comercial-01@" + ".".join(
    ["departamento-de-ventas-y-atencion-al-cliente-de-la-region-norte", "x" * 63, "y" * 63, "z" * 53, "example"]
)
PEOPLE = [
    ("ana", "Ana Pérez", 0, GIB, timedelta(minutes=12)),
    ("compras", "", 48 * 2**20, GIB, timedelta(hours=2)),
    ("diego.mamani", "Diego Mamani Quispe", 871 * 2**20, GIB, timedelta(hours=20)),
    ("francisca", "Francisca Soto", 1019 * 2**20, GIB, timedelta(days=1)),
    ("info", "", 6 * 2**20, GIB // 2, timedelta(minutes=3)),
    ("javier", "Javier Ibáñez", 2 * GIB, 2 * GIB, timedelta(days=3)),
    ("lorena", "Lorena Acuña", 0, GIB, None),
    ("mantenimiento", "", 120 * 2**20, None, timedelta(days=140)),
    ("rocio", "Rocío Villalba", 233 * 2**20, GIB, timedelta(days=6)),
    ("ventas", "", 702 * 2**20, 5 * GIB, timedelta(minutes=31)),
    ("walter", "Walter Núñez", 77 * 2**20, GIB, timedelta(days=33)),
]
OTHERS = [
    "alfajores-del-sur",
    "clinica-san-martin",
    "ferreteria-colon",
    "imprenta-nueva",
    "libreria-el-faro",
    "metalurgica-rivas",
    "notaria-quintana",
    "optica-central",
    "radio-del-valle",
    "transportes-andinos",
    "vivero-los-tilos",
]


def people() -> None:
    """Make the three who sign in, the office, an empty domain, one with a foreign name, and the longest address."""
    password = make_password(PASSWORD)
    operator = User.objects.create(address=OPERATOR, password=password, is_operator=True, name="Mesa de ayuda")
    office = _office()
    administrator = User.objects.create(address=ADMINISTRATOR, password=password, name="Lucía Ferreyra")
    office.administrators.add(administrator)
    make_domain("xn--pea-8ma.example")
    make_domain("vacia.example")
    longest = make_mailbox(LONGEST, name="María de los Ángeles Fernández Villaverde", quota=GIB)
    Usage.objects.filter(mailbox=longest).update(messages=41, octets=530 * 2**20)
    _history(operator, administrator, office)
    _work()


def _work() -> None:
    """Jobs as they stand after a while: one that failed, one that runs, the others as they should; the store fits."""
    now = timezone.now()
    minute = timedelta(minutes=1)
    for number, name in enumerate(NAMES):
        Job.objects.create(name=name, due=now + number * minute, ended=now - minute, steps=number + 1)
    Job.objects.filter(name="send letters").update(fault="ConnectionRefusedError")
    Job.objects.filter(name="sweep bodies").update(claimed_until=now + minute)
    StoreCheck.objects.create(ended=now - 300 * minute, mailboxes=12_408)


def crowd() -> None:
    """Make the other domains of the hoster, one of them suspended."""
    for number, name in enumerate(OTHERS):
        other = make_domain(f"{name}.example", limit_mailboxes=25, limit_octets=(10 + 5 * number) * GIB)
        for each in range(2 + number * 3 % 7):
            _box(other, f"persona{each}", "", (number + 1) * (each + 3) * 23 * 2**20, GIB, timedelta(days=each))
    Domain.objects.filter(name="radio-del-valle.example").update(
        state=State.SUSPENDED, state_reason="Factura de septiembre impaga"
    )


def _office() -> Domain:
    office = make_domain(
        OFFICE,
        limit_mailboxes=25,
        limit_octets=20 * GIB,
        largest_quota=5 * GIB,
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
    )
    for local, name, octets, quota, ago in PEOPLE:
        _box(office, local, name, octets, quota, ago)
    Mailbox.objects.filter(address_text=f"walter@{OFFICE}").update(
        state=State.SUSPENDED, state_reason="De licencia hasta marzo", state_since=timezone.now() - timedelta(days=20)
    )
    owner = Mailbox.objects.get(address_text=OWNER)
    User.objects.filter(mailbox__domain=office).update(password=make_password(PASSWORD))
    boxes = {box.address_text.partition("@")[0]: box for box in office.mailboxes.all()}
    make_alias(f"facturacion@{OFFICE}", boxes["compras"], boxes["ana"])
    make_alias(f"gerencia@{OFFICE}", boxes["javier"])
    make_alias(f"prensa@{OFFICE}", boxes["ana"], "agencia@comunicacion.example")
    make_alias(f"@{OFFICE}", boxes["info"])
    _devices(owner)
    fill(owner, 286 * 2**20)
    return office


def _box(domain: Domain, local: str, name: str, octets: int, quota: int | None, ago: timedelta | None) -> None:
    seen = None if ago is None else timezone.now() - ago
    box = make_mailbox(f"{local}@{domain.name}", name=name, quota=quota, last_seen=seen)
    Usage.objects.filter(mailbox=box).update(messages=octets // 90_000, octets=octets, change=octets // 90_000)


def _devices(box: Mailbox) -> None:
    now = timezone.now()
    for name, ago, address in [
        ("Notebook", timedelta(minutes=12), "203.0.113.7"),
        ("Teléfono", timedelta(hours=9), "2001:db8:42::7"),
        ("Impresora de la oficina", None, None),
    ]:
        box.device_passwords.create(
            name=name,
            stored_key=os.urandom(32),
            server_key=os.urandom(32),
            last_used=None if ago is None else now - ago,
            last_address=address,
        )


def _history(operator: User, administrator: User, office: Domain) -> None:
    owner = Mailbox.objects.get(address_text=OWNER)
    rows = [
        (operator, "create_domain", office.name, None),
        (operator, "appoint_administrator", ADMINISTRATOR, None),
        (administrator, "create_mailbox", OWNER, owner.pk),
        (administrator, "suspend_mailbox", f"walter@{OFFICE}", None),
        (owner.user, "create_device_password", OWNER, owner.pk),
    ]
    for actor, act, subject, mailbox in rows:
        Activity.objects.create(
            actor_id=actor.pk,
            actor=actor.address,
            act=act,
            domain_id=office.pk,
            mailbox_id=mailbox,
            subject=subject,
            address="203.0.113.20",
        )


def many(name: str = UNIVERSITY, count: int = MANY) -> Domain:
    """Make one domain with many mailboxes, by a few statements."""
    domain = make_domain(name)
    numbers = range(count)
    users = User.objects.bulk_create([User(address=f"alumno{n:06}@{name}", password="!") for n in numbers], 5_000)
    addresses = Address.objects.bulk_create([Address(domain=domain, local=f"alumno{n:06}") for n in numbers], 5_000)
    now = timezone.now()
    boxes = Mailbox.objects.bulk_create(
        [
            Mailbox(
                user=users[n],
                domain=domain,
                address=addresses[n],
                address_text=users[n].address,
                name=f"Persona {n}",
                quota=GIB,
                scram_salt=b"0" * 16,
                last_seen=now - timedelta(minutes=n * 7 % 90_000),
            )
            for n in numbers
        ],
        5_000,
    )
    Usage.objects.bulk_create(
        [Usage(mailbox=box, messages=n % 900, octets=(1 + n * 7_919 % 1_000) * 2**20) for n, box in enumerate(boxes)],
        5_000,
    )
    return domain
