"""Make mailboxes in the database that DATABASE_URL names: `python -m tests.wire.people ADDRESS…`, password "secret"."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlpanel.settings")


def main(*addresses: str) -> None:
    django.setup()
    from django.contrib.auth.hashers import make_password

    from tests.store.factories import make_mailbox

    stored = make_password("secret")
    for address in addresses:
        user = make_mailbox(address).user
        user.password = stored
        user.save()


if __name__ == "__main__":
    main(*sys.argv[1:])
