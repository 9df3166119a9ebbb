"""Pure: what a column is called, in the files of people and of other programs, and which of ours it is."""

import unicodedata
from collections.abc import Sequence

# The first name of a list that is there wins: PostfixAdmin has `username` and `local_part`, Modoboa an `address`.
NAMES: dict[str, tuple[str, ...]] = {
    "address": (
        *("address", "direccion", "email", "correo", "mail", "correoelectronico", "direcciondecorreo", "emailaddress"),
        *("mailbox", "casilla", "buzon", "username", "usuario", "user", "login", "account", "cuenta"),
    ),
    "name": ("name", "nombre", "nombrecompleto", "fullname", "displayname", "persona", "person", "titular"),
    "first": ("firstname", "nombredepila", "nombres", "givenname"),
    "last": ("lastname", "apellido", "apellidos", "surname", "familyname"),
    "password": ("password", "contrasena", "clave", "pass", "contrasenaclave"),
    "hash": ("hash", "passwordhash", "hashdelacontrasena", "crypt", "cryptedpassword"),
    "quota": ("quota", "cuota", "espacio", "space", "limite", "limit"),
    "language": ("language", "idioma", "lang", "lengua", "locale"),
    "aliases": ("aliases", "alias", "aliasses"),
    "forward": ("forward", "forwards", "forwardto", "reenvio", "reenvios", "reenviara"),
    "label": ("label", "labels", "etiqueta", "etiquetas", "tag", "tags", "group", "grupo"),
    "note": ("note", "nota", "notas", "notes", "comment", "comentario", "description", "descripcion"),
}


def plain(heading: str) -> str:
    """Return a heading without case, accents, blanks and signs."""
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def read_headings(headings: Sequence[str]) -> dict[str, int]:
    """Return where our columns stand."""
    places = {plain(heading): place for place, heading in reversed(list(enumerate(headings)))}
    found = {ours: [places[name] for name in names if name in places] for ours, names in NAMES.items()}
    return {ours: at[0] for ours, at in found.items() if at}
