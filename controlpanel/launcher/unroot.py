"""Run a program that refuses root, and let it end with its parent.

A script of its own (`python -I unroot.py WAY SIGNAL PARENT PROGRAM ARGUMENT...`), so that nothing happens between fork
and exec in a process that has threads. WAY is one of

- `plain`: as we are.
- `namespace`: in a user namespace where root is `nobody`. Outside, files stay root's and no mode changes.
- `account`: as `nobody`, where namespaces are refused (in a chroot, in most containers). It keeps one capability,
  CAP_DAC_OVERRIDE, so that a data folder below a private home needs no wider modes.

SIGNAL is sent to the program when PARENT, a process id, is gone (Linux only). `python -I unroot.py probe` exits with
0 if a user namespace can be made.
"""

import ctypes
import os
import pwd
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def nobody() -> pwd.struct_passwd:
    """The unprivileged account that every system has."""
    return pwd.getpwnam("nobody")


def enter_namespace() -> None:
    """Make a user namespace in which the user of this process is `nobody`. Raises OSError where that is refused."""
    account, uid, gid = nobody(), os.geteuid(), os.getegid()
    if _libc().unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{account.pw_uid} {uid} 1")
    _write("/proc/self/gid_map", f"{account.pw_gid} {gid} 1")


def become_nobody() -> None:
    """Change to the account `nobody`, and keep CAP_DAC_OVERRIDE where the system lets us."""
    account = nobody()
    linux = sys.platform.startswith("linux")
    if linux:
        # Without this bit the change of user drops all capabilities, and access(2), by which initdb finds its
        # neighbours, ignores them.
        _libc().prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if linux:
        _keep_one_capability(_libc())


def _keep_one_capability(libc: ctypes.CDLL) -> None:
    # struct __user_cap_header_struct {version, pid}; two of __user_cap_data_struct {effective, permitted, inheritable}
    kept = 1 << CAP_DAC_OVERRIDE
    libc.capset((ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0))
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def end_with(parent: int, number: int) -> None:
    """Have the kernel send us signal `number` when `parent` ends."""
    if not sys.platform.startswith("linux"):
        return
    _libc().prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def main(arguments: list[str]) -> None:
    if arguments == ["probe"]:
        enter_namespace()
        return
    way, number, parent, *command = arguments
    if way == "namespace":
        enter_namespace()
    elif way == "account":
        become_nobody()
    # After the change of user, which clears it.
    end_with(int(parent), int(number))
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
