"""Every sentence that a POP3 reply can hold, in each language that LANG offers (RFC 6856 section 3).

English is what a client gets that never asked: ASCII only, as RFC 1939 has it.
"""

from enum import Enum, auto

from pop3service.requests import Code, Reason
from pop3service.signals import Farewell


class Text(Enum):
    GREETING = auto()
    BYE = auto()
    BYE_REMOVED = auto()
    NOT_REMOVED = auto()
    # commands that are not
    UNKNOWN_COMMAND = auto()
    LOGIN_FIRST = auto()
    ONLY_BEFORE_LOGIN = auto()
    LINE_TOO_LONG = auto()
    CONTROL_CHARACTER = auto()
    NO_ARGUMENT = auto()
    ARGUMENT_NEEDED = auto()
    ONE_NUMBER = auto()
    TWO_NUMBERS = auto()
    NOT_UTF8 = auto()
    TOO_MANY_BAD = auto()
    # before login
    CAPABILITIES = auto()
    SEND_PASSWORD = auto()
    USER_FIRST = auto()
    NO_PLAIN_LOGIN = auto()
    MECHANISMS = auto()
    UNKNOWN_MECHANISM = auto()
    AUTH_CANCELLED = auto()
    AUTH_MALFORMED = auto()
    BEGIN_TLS = auto()
    TLS_ACTIVE = auto()
    NO_TLS = auto()
    TLS_AFTER_UTF8 = auto()
    TLS_PIPELINED = auto()
    UTF8_ON = auto()
    LANGUAGES = auto()
    LANGUAGE_CHANGED = auto()
    UNKNOWN_LANGUAGE = auto()
    # after login
    MAILDROP = auto()
    MESSAGE = auto()
    TOP = auto()
    UNIQUE_IDS = auto()
    NO_MESSAGE = auto()
    REMOVED_ALREADY = auto()
    REMOVED = auto()
    RESTORED = auto()
    NOTHING_DONE = auto()
    # last words
    SHUTDOWN = auto()
    ENDED = auto()
    TAKEN_OVER = auto()
    TOO_MANY_CONNECTIONS = auto()
    FAULT = auto()


ENGLISH: dict[Text | Reason, str] = {
    Text.GREETING: "{host} is ready for POP3.",
    Text.BYE: "Bye.",
    Text.BYE_REMOVED: "Bye. Messages removed: {messages}.",
    Text.NOT_REMOVED: "The store did not take the removals; no message was removed.",
    Text.UNKNOWN_COMMAND: "This server has no such command.",
    Text.LOGIN_FIRST: "This command works after login only.",
    Text.ONLY_BEFORE_LOGIN: "This command works before login only.",
    Text.LINE_TOO_LONG: "That line is too long.",
    Text.CONTROL_CHARACTER: "NUL and CR have no place in a command.",
    Text.NO_ARGUMENT: "This command takes no argument.",
    Text.ARGUMENT_NEEDED: "This command needs an argument.",
    Text.ONE_NUMBER: "One message number is needed, and nothing after it.",
    Text.TWO_NUMBERS: "A message number and a number of lines are needed, and nothing after them.",
    Text.NOT_UTF8: "Names and passwords are UTF-8 here, and this is not.",
    Text.TOO_MANY_BAD: "Too many bad commands.",
    Text.CAPABILITIES: "What this server can do:",
    Text.SEND_PASSWORD: "Now the password.",
    Text.USER_FIRST: "USER comes before PASS.",
    Text.NO_PLAIN_LOGIN: "No password is taken on an unencrypted line: turn on TLS in the mail client.",
    Text.MECHANISMS: "Mechanisms:",
    Text.UNKNOWN_MECHANISM: "This mechanism is not offered here.",
    Text.AUTH_CANCELLED: "Login cancelled.",
    Text.AUTH_MALFORMED: "That is not an answer this mechanism knows.",
    Text.BEGIN_TLS: "Begin the TLS handshake.",
    Text.TLS_ACTIVE: "TLS is on already.",
    Text.NO_TLS: "TLS cannot be had here.",
    Text.TLS_AFTER_UTF8: "STLS comes before UTF8, not after it.",
    Text.TLS_PIPELINED: "Nothing may follow STLS before the handshake.",
    Text.UTF8_ON: "UTF-8 is on.",
    Text.LANGUAGES: "Languages:",
    Text.LANGUAGE_CHANGED: "Replies are in English now.",
    Text.UNKNOWN_LANGUAGE: "This server does not speak that language.",
    Text.MAILDROP: "Messages: {messages}. Octets: {octets}.",
    Text.MESSAGE: "{octets} octets",
    Text.TOP: "The top of message {number}:",
    Text.UNIQUE_IDS: "Unique ids:",
    Text.NO_MESSAGE: "There is no message {number}.",
    Text.REMOVED_ALREADY: "Message {number} is marked to be removed; RSET takes the mark away.",
    Text.REMOVED: "Message {number} will be removed at QUIT.",
    Text.RESTORED: "No message will be removed. Messages: {messages}. Octets: {octets}.",
    Text.NOTHING_DONE: "Nothing done.",
    Text.SHUTDOWN: "The server is restarting; try again in a minute. No message was removed.",
    Text.ENDED: "This session was ended from the control panel. No message was removed.",
    Text.TAKEN_OVER: "Another program wanted this mailbox while this one was idle. No message was removed.",
    Text.TOO_MANY_CONNECTIONS: "Too many connections; try again in a minute.",
    Text.FAULT: "Something went wrong here, not with you; try again in a minute. No message was removed.",
    Reason.WRONG_PASSWORD: "This name and password do not belong together.",
    Reason.SCRAM_FAILED: "No match. SCRAM works with a device password only; make one on the mailbox's web page.",
    Reason.TOKEN_REFUSED: "The access token is not accepted; sign in again in the mail client.",
    Reason.DEVICE_PASSWORD_NEEDED: "This mailbox opens with a device password only; make one on its web page.",
    Reason.DEVICE_PASSWORD_EXPIRED: "This device password has expired; make a new one on the mailbox's web page.",
    Reason.DEVICE_PASSWORD_PURPOSE: "This device password is for something else; make one on the mailbox's web page.",
    Reason.NETWORK_NOT_ALLOWED: "This device password is not valid from this network.",
    Reason.TLS_NEEDED: "This mailbox opens over TLS only: turn it on in the mail client.",
    Reason.NEWER_TLS_NEEDED: "This mailbox needs TLS 1.2 or newer; the mail client is too old.",
    Reason.SUSPENDED: "This mailbox is suspended; its administrator can tell why. Mail still arrives.",
    Reason.POP3_OFF: "POP3 is turned off for this mailbox; its administrator can turn it on.",
    Reason.MAY_NOT_SEND: "This mailbox may not send mail; its administrator can change that.",
    Reason.DAILY_LIMIT: "This message would pass the limit of {limit} recipients a day; try again after midnight.",
    Reason.FOREIGN_SENDER: "This sender address is not one of the mailbox that signed in.",
    Reason.IN_USE: "Another program has this mailbox open, for {seconds} seconds at most; idle for a minute it yields.",
    Reason.TOO_MANY_SESSIONS: "This mailbox is open in too many programs; close one and try again.",
    Reason.LOGIN_DELAY: "The last login was a moment ago; the next is taken in {seconds} seconds.",
    Reason.THROTTLED: "Too many failed logins; the next is taken in {seconds} seconds.",
    Reason.NEEDS_UTF8: "This message needs UTF-8 mode: the UTF8 command before login.",
    Reason.OVERLOADED: "The server is busy; try again in a minute.",
    Reason.UNAVAILABLE: "The mail store cannot be reached; try again in a minute.",
}

SPANISH: dict[Text | Reason, str] = {
    Text.GREETING: "{host} está listo para POP3.",
    Text.BYE: "Adiós.",
    Text.BYE_REMOVED: "Adiós. Mensajes eliminados: {messages}.",
    Text.NOT_REMOVED: "El almacén no aceptó las eliminaciones; no se eliminó ningún mensaje.",
    Text.UNKNOWN_COMMAND: "Este servidor no tiene esa orden.",
    Text.LOGIN_FIRST: "Esta orden solo vale después de iniciar sesión.",
    Text.ONLY_BEFORE_LOGIN: "Esta orden solo vale antes de iniciar sesión.",
    Text.LINE_TOO_LONG: "Esa línea es demasiado larga.",
    Text.CONTROL_CHARACTER: "NUL y CR no tienen sitio en una orden.",
    Text.NO_ARGUMENT: "Esta orden no lleva argumento.",
    Text.ARGUMENT_NEEDED: "Esta orden necesita un argumento.",
    Text.ONE_NUMBER: "Hace falta un número de mensaje, y nada más detrás.",
    Text.TWO_NUMBERS: "Hacen falta un número de mensaje y un número de líneas, y nada más detrás.",
    Text.NOT_UTF8: "Aquí los nombres y las contraseñas van en UTF-8, y esto no lo es.",
    Text.TOO_MANY_BAD: "Demasiadas órdenes incorrectas.",
    Text.CAPABILITIES: "Lo que sabe hacer este servidor:",
    Text.SEND_PASSWORD: "Ahora la contraseña.",
    Text.USER_FIRST: "USER va antes de PASS.",
    Text.NO_PLAIN_LOGIN: "No se acepta una contraseña por una línea sin cifrar: active TLS en el programa de correo.",
    Text.MECHANISMS: "Mecanismos:",
    Text.UNKNOWN_MECHANISM: "Ese mecanismo no se ofrece aquí.",
    Text.AUTH_CANCELLED: "Inicio de sesión cancelado.",
    Text.AUTH_MALFORMED: "Esa no es una respuesta que este mecanismo conozca.",
    Text.BEGIN_TLS: "Comience la negociación TLS.",
    Text.TLS_ACTIVE: "TLS ya está activo.",
    Text.NO_TLS: "Aquí no hay TLS.",
    Text.TLS_AFTER_UTF8: "STLS va antes de UTF8, no después.",
    Text.TLS_PIPELINED: "Nada puede seguir a STLS antes de la negociación.",
    Text.UTF8_ON: "UTF-8 activado.",
    Text.LANGUAGES: "Idiomas:",
    Text.LANGUAGE_CHANGED: "Las respuestas van ahora en español.",
    Text.UNKNOWN_LANGUAGE: "Este servidor no habla ese idioma.",
    Text.MAILDROP: "Mensajes: {messages}. Octetos: {octets}.",
    Text.MESSAGE: "{octets} octetos",
    Text.TOP: "El comienzo del mensaje {number}:",
    Text.UNIQUE_IDS: "Identificadores únicos:",
    Text.NO_MESSAGE: "No hay mensaje {number}.",
    Text.REMOVED_ALREADY: "El mensaje {number} está marcado para eliminar; RSET quita la marca.",
    Text.REMOVED: "El mensaje {number} se eliminará con QUIT.",
    Text.RESTORED: "No se eliminará ningún mensaje. Mensajes: {messages}. Octetos: {octets}.",
    Text.NOTHING_DONE: "Nada hecho.",
    Text.SHUTDOWN: "El servidor se está reiniciando; vuelva a probar en un minuto. No se eliminó ningún mensaje.",
    Text.ENDED: "Esta sesión se terminó desde el panel de control. No se eliminó ningún mensaje.",
    Text.TAKEN_OVER: "Otro programa pidió esta casilla mientras este no hacía nada. No se eliminó ningún mensaje.",
    Text.TOO_MANY_CONNECTIONS: "Demasiadas conexiones; vuelva a probar en un minuto.",
    Text.FAULT: "Algo falló aquí, no por su parte; vuelva a probar en un minuto. No se eliminó ningún mensaje.",
    Reason.WRONG_PASSWORD: "Este nombre y esta contraseña no van juntos.",
    Reason.SCRAM_FAILED: "No coincide. SCRAM solo vale con una contraseña de dispositivo; cree una en su web.",
    Reason.TOKEN_REFUSED: "No se acepta el testigo de acceso; inicie sesión otra vez en el programa de correo.",
    Reason.DEVICE_PASSWORD_NEEDED: "Esta casilla solo se abre con una contraseña de dispositivo; cree una en su web.",
    Reason.DEVICE_PASSWORD_EXPIRED: "Esta contraseña de dispositivo ha caducado; cree otra en la web de la casilla.",
    Reason.DEVICE_PASSWORD_PURPOSE: "Esta contraseña de dispositivo es para otra cosa; cree una en su web.",
    Reason.NETWORK_NOT_ALLOWED: "Esta contraseña de dispositivo no vale desde esta red.",
    Reason.TLS_NEEDED: "Esta casilla solo se abre con TLS: actívelo en el programa de correo.",
    Reason.NEWER_TLS_NEEDED: "Esta casilla necesita TLS 1.2 o posterior; el programa de correo es demasiado antiguo.",
    Reason.SUSPENDED: "Esta casilla está suspendida; su administrador puede decir por qué. El correo sigue llegando.",
    Reason.POP3_OFF: "POP3 está desactivado en esta casilla; su administrador puede activarlo.",
    Reason.MAY_NOT_SEND: "Esta casilla no puede enviar correo; su administrador puede cambiarlo.",
    Reason.DAILY_LIMIT: "Este mensaje pasaría el límite de {limit} destinatarios por día; pruebe mañana.",
    Reason.FOREIGN_SENDER: "Esta dirección de remitente no es de la casilla que inició sesión.",
    Reason.IN_USE: "Otro programa la tiene abierta, {seconds} segundos como mucho. Si calla un minuto, cede el paso.",
    Reason.TOO_MANY_SESSIONS: "Esta casilla está abierta en demasiados programas; cierre uno y vuelva a probar.",
    Reason.LOGIN_DELAY: "El último inicio de sesión fue hace un momento; el próximo se acepta en {seconds} segundos.",
    Reason.THROTTLED: "Demasiados intentos fallidos; el próximo se acepta en {seconds} segundos.",
    Reason.NEEDS_UTF8: "Este mensaje necesita el modo UTF-8: la orden UTF8 antes de iniciar sesión.",
    Reason.OVERLOADED: "El servidor está ocupado; vuelva a probar en un minuto.",
    Reason.UNAVAILABLE: "No se llega al almacén de correo; vuelva a probar en un minuto.",
}

# IDLE is silent: when the timer expires, RFC 1939 section 3 has the server say nothing.
LAST_WORDS = {
    Farewell.SHUTDOWN: (Text.SHUTDOWN, Code.SYS_TEMP),
    Farewell.ENDED: (Text.ENDED, Code.SYS_TEMP),
    Farewell.TAKEN_OVER: (Text.TAKEN_OVER, Code.IN_USE),
    Farewell.TOO_MANY_CONNECTIONS: (Text.TOO_MANY_CONNECTIONS, Code.SYS_TEMP),
    Farewell.FAULT: (Text.FAULT, Code.SYS_TEMP),
}

WORDS = {"en": ENGLISH, "es": SPANISH, "i-default": ENGLISH}
NAMES = {"en": "English", "es": "Español", "i-default": "English"}  # each in its own language


def find_language(wanted: str) -> str | None:
    """Return the language nearest to a language range: es for es-MX (RFC 4647 section 3.4), None for none."""
    tag = wanted.lower()
    while tag and tag not in WORDS:
        tag = tag.rpartition("-")[0]
    return tag or None
