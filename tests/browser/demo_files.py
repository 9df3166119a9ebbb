"""A file on its way in, for the pages of imports; and days that mailboxes grew in."""

from django.db import connection

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.importing import changes
from controlpanel.importing.checking import check_some
from controlpanel.importing.making import make_some
from controlpanel.mailboxes.models import Domain
from controlpanel.mailstore import usage_days
from tests.browser import demo

FILE = """dirección;nombre;cuota;alias;estado
bruno;Bruno Ferreyra Iturbe;2 GB;bruno.f;activo
celia;Celia Domínguez;900 GB;;activo
un nombre con espacios;Nadie;1 GB;;activo
walter;Walter;1 GB;;activo
otilia;Otilia Santa María de los Ángeles Etcheverry;muchos;info@otra.example bruno;activo
"""


def imported(*, made: bool = False, under_way: bool = False) -> int:
    """Return the number of an import of the administrator's: checked, made, or under way."""
    actor = Actor(User.objects.get(address=demo.ADMINISTRATOR))
    domain = Domain.objects.get(name=demo.OFFICE)
    text = FILE if not made else "dirección;nombre\nnoelia;Noelia Ruiz\nteo;Teo Vera\n"
    held = changes.start_import(text.encode(), "gente nueva.csv", actor=actor, language="es", domain=domain)
    if not under_way:
        while check_some(held.pk):
            pass
    if made:
        changes.confirm_import(held.pk, actor=actor)
        while make_some(held.pk):
            pass
    return held.pk


GROWN = """
INSERT INTO mailstore_usageday (mailbox_id, day, messages, octets, removed_octets)
SELECT mailbox_id, current_date - back, 1, octets * (80 - back) / 90 + (back % 3) * octets / 40, 0
FROM mailboxes_usage, generate_series(1, 80, 4) AS back
ON CONFLICT DO NOTHING
"""


def grown() -> None:
    """Mailboxes have grown for three months."""
    with connection.cursor() as cursor:
        cursor.execute(GROWN)
    usage_days.note()
