"""Reading a page as its person does: what is said beside a field, above a form, and what is shown once."""

import re
from html import unescape


def beside(page: str, field: str) -> str:
    """What the page says is wrong with a field; "" if nothing."""
    found = re.search(rf'id="id_{field}_error"><li>(.*?)</li>', page)
    return unescape(found[1]).replace("\u00a0", " ") if found else ""


def above(page: str) -> str:
    found = re.search(r'<ul class="errorlist" role="alert"><li>(.*?)</li>', page)
    return unescape(found[1]) if found else ""


def secret(page: str) -> str:
    [found] = re.findall(r"data-secret>([^<]+)<", page)
    return unescape(found)
