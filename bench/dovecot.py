"""Dovecot beside it: the server that a person would take otherwise, tuned as its manual says, on the same messages.

Login processes serve many clients each, mail processes are used again, and passwords are compared in clear: whatever
costs Dovecot time here is its work, not its configuration.
"""

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.casilla import Account
from bench.load import Target
from bench.messages import message
from bench.ports import free_ports, wait_until_open

CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{tls}/localhost/fullchain.pem
ssl_key = <{tls}/localhost/privkey.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%n
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
pop3_lock_session = yes
mail_max_userip_connections = 0
default_process_limit = 5000
default_client_limit = 20000
{users}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%n
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  {chroot}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service pop3 {{
  service_count = 1000
  process_min_avail = 50
  process_limit = 5000
}}
service lmtp {{
  process_min_avail = 10
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""
# Started by somebody who is not root, everything runs as that user, who may not chroot.
ONE_USER = "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}"
NO_CHROOT = "service anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}"


def program() -> str | None:
    """Return Dovecot 2.3's program, None where it is not installed."""
    found = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return found if found and version(found).startswith("2.3") else None


def version(found: str) -> str:
    return subprocess.run([found, "--version"], capture_output=True, text=True).stdout.split(" ")[0]


class Dovecot:
    """One Dovecot on Maildirs below `folder`/dovecot, under the same certificate."""

    name = "Dovecot"

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder / "dovecot"
        self._tls = folder / "tls"
        self._process: subprocess.Popen[bytes] | None = None
        self._accounts: list[Account] = []
        self._sent = 0
        self.ports = free_ports()
        self._uid = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
        self._gid = pwd.getpwuid(self._uid).pw_gid

    def start(self) -> None:
        (self._folder / "run").mkdir(parents=True, exist_ok=True)
        (self._folder / "mail").mkdir(exist_ok=True)
        self._give(self._folder / "mail")
        for folder in (self._folder, *self._folder.parents):
            if os.geteuid() == 0 and folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)
        configuration = self._folder / "dovecot.conf"
        configuration.write_text(self._configuration())
        self.add([])
        command = [self._program, "-F", "-c", str(configuration)]
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        wait_until_open(self.ports, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    @property
    def target(self) -> Target:
        assert self._process is not None
        return Target(self.ports, (self._process.pid,))

    def add(self, accounts: Sequence[Account]) -> None:
        """Let these sign in too."""
        self._accounts += accounts
        lines = [f"{account.address}:{account.password}::::::\n" for account in self._accounts]
        new = self._folder / "users.new"
        new.write_text("".join(lines))
        new.chmod(0o644)
        new.replace(self._folder / "users")

    def fill(self, accounts: Sequence[Account], messages: int, octets: int) -> None:
        """Put so many messages into each Maildir, LF line ends, as Dovecot keeps them."""
        bodies = [message(number, octets).replace(b"\r\n", b"\n") for number in range(min(messages, 1000))]
        for account in accounts:
            box = self._folder / "mail" / account.address.partition("@")[0]
            for folder in (box, box / "cur", box / "new", box / "tmp"):
                if not folder.exists():
                    folder.mkdir()
                    self._give(folder)
            for number in range(messages):
                self._sent += 1
                path = box / "new" / f"1790000000.M{self._sent:09d}P1.bench"
                path.write_bytes(bodies[number % len(bodies)])
                self._give(path)

    def _configuration(self) -> str:
        root = os.geteuid() == 0
        user, group = pwd.getpwuid(self._uid).pw_name, grp.getgrgid(self._gid).gr_name
        pop3, pop3s, lmtp = self.ports
        return CONFIGURATION.format(
            folder=self._folder,
            tls=self._tls,
            user=user,
            group=group,
            users="" if root else ONE_USER.format(user=user, group=group) + "\n" + NO_CHROOT,
            chroot="" if root else "chroot =",
            pop3=pop3,
            pop3s=pop3s,
            lmtp=lmtp,
        )

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._uid, self._gid)
