"""Mail, sessions and refusals for one mailbox of the demo, delivered and removed as the service does it."""

import uuid
from datetime import datetime, timedelta
from email.header import Header

from django.db.models import F
from django.utils import timezone

from controlpanel.journal.models import Attempt, PastSession, RefusedMessage
from controlpanel.mailboxes.models import Mailbox, Usage
from controlpanel.mailstore.delivery import Delivered, Delivery, deliver
from controlpanel.mailstore.models import Fetched, Message, Process, Session
from controlpanel.mailstore.retention import remove_messages

# Who, about what, how large, how long ago in hours, and whether the notebook has it.
LETTERS = [
    ("Rocío Villalba", "Re: presupuesto de bobinas de 80 g", 18_400, 0.4, False),
    ("Transportes Andinos", "Retiro confirmado para mañana a las 9:30", 7_120, 1.2, True),
    ("Banco del Litoral", "Resumen de cuenta de octubre", 412_000, 3, True),
    ("Diego Mamani Quispe", "Fotos de la máquina nueva", 24_800_000, 5, True),
    ("Imprenta Nueva", "Factura 0003-00012877", 96_300, 8, True),
    ("ventas@alfajores-del-sur.example", "Consulta por cajas impresas, 5.000 unidades", 22_900, 20, True),
    ("Lorena Acuña", "Vacaciones de enero", 5_300, 27, True),
    ("Notaría Quintana", "Escritura: falta una firma", 1_310_000, 50, True),
    ("Óptica Central", "", 3_900, 74, True),
    ("Mesa de ayuda", "Casilla ampliada a 1 GB", 2_800, 120, True),
]
REMOVED = [
    ("Ferretería Colón", "Lista de precios actualizada", 880_000, 9, "Teléfono"),
    ("Walter Núñez", "Planilla de turnos", 61_000, 31, "Teléfono"),
    ("Radio del Valle", "Pauta de noviembre", 12_400, 55, ""),
]


def fill(box: Mailbox, spare_octets: int) -> None:
    """Give the mailbox letters, removed ones, a past, and somebody who is connected; `spare_octets` fill it up."""
    now = timezone.now()
    notebook = box.device_passwords.get(name="Notebook")
    for number, letter in enumerate(reversed(LETTERS)):
        _deliver(box, *letter[:3], now - timedelta(hours=letter[3]), f"carta{number}")
    for message in Message.objects.filter(mailbox=box):
        if message.octets != 18_400:
            at = message.received + timedelta(minutes=9)
            Fetched.objects.create(
                message_id=message.pk, device_id=notebook.pk, mailbox_id=box.pk, device="Notebook", at=at
            )
    for number, (sender, subject, octets, hours, device) in enumerate(REMOVED):
        gone = _deliver(box, sender, subject, octets, now - timedelta(hours=hours + 40), f"quitada{number}")
        remove_messages(box.pk, [gone])
        Message.objects.filter(pk=gone).update(
            removed_how="client",
            removed_device=device,
            removed_at=now - timedelta(hours=hours),
            removed_address="203.0.113.7",
        )
    Usage.objects.filter(mailbox=box).update(octets=F("octets") + spare_octets)
    _visits(box, now)


def _deliver(box: Mailbox, sender: str, subject: str, octets: int, received: datetime, uidl: str) -> int:
    """Deliver a message of some octets and count it as `octets` long; return its number."""
    written = Header(sender, "utf-8").encode()
    author = written if "@" in sender else f"{written} <{uidl}@remitente.example>"
    text = b"Subject: demo\r\n\r\nHola.\r\n"
    [result] = deliver(
        [
            Delivery(
                mailbox_id=box.pk,
                octets=len(text),
                chunks=[text],
                sender=f"{uidl}@remitente.example",
                from_header=author,
                subject=Header(subject, "utf-8").encode(),
                uidl=uidl,
                received=received,
            )
        ]
    )
    assert isinstance(result, Delivered), result
    Message.objects.filter(pk=result.message_id).update(octets=octets)
    Usage.objects.filter(mailbox=box).update(octets=F("octets") + octets - len(text))
    return result.message_id


def _visits(box: Mailbox, now: datetime) -> None:
    notebook, phone = (box.device_passwords.get(name=name) for name in ("Notebook", "Teléfono"))
    process = Process.objects.create(id=uuid.uuid4(), host="correo", pid=1, started=now, beat=now + timedelta(days=1))
    Session.objects.create(
        id=7,
        process=process.pk,
        mailbox_id=box.pk,
        device_id=notebook.pk,
        device="Notebook",
        address="203.0.113.7",
        tls="TLSv1.3",
        mechanism="PLAIN",
        started=now - timedelta(minutes=2),
        change=3,
    )
    kept = {"mailbox_id": box.pk, "protocol": "pop3", "mechanism": "PLAIN"}
    for hours, device, address, tls, fetched, removed, octets, ended_by, times in [
        (0.4, notebook, "203.0.113.7", "TLSv1.3", 0, 0, 0, "quit", 5),
        (1.1, notebook, "203.0.113.7", "TLSv1.3", 1, 0, 7_120, "quit", 1),
        (9, phone, "2001:db8:42::7", "TLSv1.3", 0, 1, 900, "quit", 1),
        (31, phone, "198.51.100.23", "TLSv1.2", 2, 1, 1_402_000, "lost", 1),
        (55, None, "192.0.2.200", "", 1, 1, 12_400, "idle", 1),
    ]:
        PastSession.objects.create(
            device_id=device and device.pk,
            device=device.name if device else "",
            address=address,
            tls=tls,
            fetched=fetched,
            removed=removed,
            octets=octets,
            ended_by=ended_by,
            times=times,
            started=now - timedelta(hours=hours + 0.1),
            ended=now - timedelta(hours=hours),
            **kept,
        )
    Attempt.objects.create(
        mailbox_id=box.pk,
        protocol="pop3",
        address="198.51.100.99",
        outcome="wrong",
        hour=now,
        last=now - timedelta(hours=6),
        times=14,
    )
    RefusedMessage.objects.create(
        mailbox_id=box.pk, sender="boletin@ofertas.example", octets=61_000_000, reply="552 5.2.2 The mailbox is full."
    )
