"""An owner who is away: mail goes on, not all of it gets there, what is spam is held, and people are answered."""

from datetime import timedelta

from django.utils import timezone

from controlpanel.mailboxes.models import AwayReply, Mailbox
from controlpanel.mailstore.beside import Fate, Held, Outgoing
from controlpanel.mailstore.delivery import Delivery, deliver
from controlpanel.mailstore.onward import Onward, Passing, queue
from controlpanel.mailstore.onward.passing import Way

SPAM = [
    ("Premios Felices", "¡Ha ganado una heladera!"),
    ("Banco del Litoral", "Verifique su cuenta en la próxima hora o será suspendida para siempre"),
    ("", ""),
]


def fill(box: Mailbox) -> None:
    if Held.objects.filter(mailbox=box).exists():
        return
    text = b"Subject: x\r\n\r\nx\r\n"
    for name, subject in SPAM:
        sender = f"{name} <x@spam.example>" if name else ""
        deliver([Delivery(box.pk, len(text), [text], from_header=sender, subject=subject, spam=True)])
    address = "ana.perez.en.casa@correo-de-casa.example"
    Mailbox.objects.filter(pk=box.pk).update(
        forward_to=[address],
        away_from=timezone.now() - timedelta(days=1),
        away_until=timezone.now() + timedelta(days=9),
    )
    for fate, reply in ((Fate.REFUSED, "550 5.1.1 No such user here"), (Fate.RETURNED, "452 4.2.2 Mailbox full")):
        passing = Passing(Way(), 0, [Onward(address, f"facturacion@{box.domain.name}")])
        letter = {"from_header": "Rocío Villalba <rocio@papelera-norte.example>", "subject": "Re: presupuesto"}
        deliver([Delivery(-1, len(text), [text], sender="rocio@papelera-norte.example", passing=passing, **letter)])
        claimed = queue.claim()
        assert claimed is not None
        queue.end(claimed, fate, reply)
        Outgoing.objects.filter(pk=claimed.id).update(mailbox_id=box.pk, kept=True)
    today = timezone.now().date()
    AwayReply.objects.create(
        mailbox=box,
        first_day=today - timedelta(days=1),
        last_day=today + timedelta(days=8),
        subject="Estoy de vacaciones",
        text="Vuelvo el lunes.\nPara lo urgente: compras@papelera-norte.example\n",
        written=timezone.now(),
    )
