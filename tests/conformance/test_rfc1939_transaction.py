"""RFC 1939: the TRANSACTION state, one command after the other."""

import re
import time

import pytest
from maildrop import Maildrop, letter
from target import Target


def five() -> list[bytes]:
    """Five messages of five sizes."""
    return [letter(b"Body of some length.\r\n" * lines) for lines in (1, 2, 3, 5, 8)]


@pytest.mark.must("RFC 1939 §5")
def test_empty_maildrop(maildrop: Maildrop) -> None:
    """An empty maildrop shows 0 messages of 0 octets and an empty scan listing."""
    session = maildrop.open(0)
    assert session.stat() == (0, 0)
    assert session.sizes() == {}
    session.quit()


@pytest.mark.must("RFC 1939 §5")
@pytest.mark.parametrize("command", ["RETR 1", "DELE 1", "LIST 1"])
def test_no_message_in_an_empty_maildrop(maildrop: Maildrop, command: str) -> None:
    """Message 1 of an empty maildrop does not exist."""
    maildrop.open(0).refused(command)


@pytest.mark.must("RFC 1939 §5")
def test_stat_counts(maildrop: Maildrop) -> None:
    """STAT agrees with the number of messages and the sum of the sizes that LIST gives."""
    session = maildrop.holding(*five())
    sizes = session.sizes()
    assert session.stat() == (5, sum(sizes.values()))
    assert len(sizes) == 5


@pytest.mark.should("RFC 1939 §5")
def test_stat_says_no_more(maildrop: Maildrop) -> None:
    """The drop listing holds two numbers and nothing else."""
    reply = maildrop.holding(*five()).accepted("STAT")
    assert re.fullmatch(rb"\d+ \d+", reply.text), reply


@pytest.mark.should("RFC 1939 §5")
def test_list_says_no_more(maildrop: Maildrop) -> None:
    """A scan listing holds the number and the size and nothing else."""
    session = maildrop.holding(*five())
    assert all(re.fullmatch(rb"\d+ \d+", line) for line in session.lines("LIST"))
    assert re.fullmatch(rb"1 \d+", session.accepted("LIST 1").text)


@pytest.mark.must("RFC 1939 §4")
def test_numbers_begin_at_one(maildrop: Maildrop) -> None:
    """Messages are numbered 1 to n, in order."""
    session = maildrop.holding(*five())
    assert list(session.sizes()) == [1, 2, 3, 4, 5]


@pytest.mark.must("RFC 1939 §5")
def test_list_of_one(maildrop: Maildrop) -> None:
    """LIST n answers, in one line, what LIST says of message n."""
    session = maildrop.holding(*five())
    for number, size in session.sizes().items():
        assert session.accepted(f"LIST {number}").text.split(b" ")[:2] == [b"%d" % number, b"%d" % size]


@pytest.mark.must("RFC 1939 §5")
def test_retr_gives_each_message(maildrop: Maildrop) -> None:
    """RETR gives each of the messages delivered, each once."""
    delivered = five()
    received = maildrop.holding(*delivered).everything()
    assert all(sum(octets.endswith(message) for octets in received.values()) == 1 for message in delivered)


@pytest.mark.must("RFC 1939 §5")
def test_retr_again(maildrop: Maildrop) -> None:
    """RETR of the same message gives the same octets again, and leaves it there."""
    session = maildrop.holding(letter())
    before = session.retr(1)
    assert session.retr(1) == before
    session.quit()
    assert maildrop.contents() == [before]


@pytest.mark.must("RFC 1939 §5")
def test_deleted_message_is_not_listed(maildrop: Maildrop) -> None:
    """After DELE, STAT and LIST leave the message out and keep the numbers of the others."""
    session = maildrop.holding(*five())
    sizes = session.sizes()
    session.accepted("DELE 2")
    session.accepted("DELE 4")
    left = {number: size for number, size in sizes.items() if number not in (2, 4)}
    assert session.sizes() == left
    assert session.stat() == (3, sum(left.values()))


@pytest.mark.must("RFC 1939 §5")
def test_others_keep_their_numbers(maildrop: Maildrop) -> None:
    """After DELE, RETR and LIST n still find the other messages under their old numbers."""
    session = maildrop.holding(*five())
    before, sizes = session.everything(), session.sizes()
    session.accepted("DELE 1")
    session.accepted("DELE 3")
    for number in (2, 4, 5):
        assert session.retr(number) == before[number]
        assert session.accepted(f"LIST {number}").text.split(b" ")[:2] == [b"%d" % number, b"%d" % sizes[number]]


@pytest.mark.must("RFC 1939 §5")
@pytest.mark.parametrize("command", ["DELE 2", "RETR 2", "LIST 2"])
def test_deleted_message_cannot_be_named(maildrop: Maildrop, command: str) -> None:
    """A message marked as deleted cannot be named by any command."""
    session = maildrop.holding(*five())
    session.accepted("DELE 2")
    session.refused(command)


@pytest.mark.must("RFC 1939 §5")
def test_rset_unmarks(maildrop: Maildrop) -> None:
    """RSET unmarks what was marked: STAT, LIST and RETR are as before."""
    session = maildrop.holding(*five())
    before = session.stat(), session.sizes(), session.everything()
    for number in (1, 3, 5):
        session.accepted(f"DELE {number}")
    session.accepted("RSET")
    assert (session.stat(), session.sizes(), session.everything()) == before


@pytest.mark.must("RFC 1939 §5")
@pytest.mark.parametrize("command", ["RSET", "NOOP"])
def test_one_reply(maildrop: Maildrop, command: str) -> None:
    """RSET and NOOP have one reply of one line, and change nothing."""
    session = maildrop.holding(*five())
    before = session.stat(), session.sizes()
    for _ in range(3):
        session.accepted(command)
    assert (session.stat(), session.sizes()) == before


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("command", ["stat", "StaT", "list", "noop", "rset", "rEtR 1", "list 1", "dele 1", "quit"])
def test_keywords_ignore_case(maildrop: Maildrop, command: str) -> None:
    """Keywords of the TRANSACTION state are read in any case."""
    maildrop.holding(letter()).accepted(command)


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("command", ["NOSUCH", "XYZZY 1", "", " ", "RETR1", "STATUS", "NOOPS", "LIS 1"], ids=repr)
def test_unknown_command(target: Target, command: str) -> None:
    """An unrecognized command is refused, and the session goes on."""
    session = target.login()
    session.refused(command)
    session.accepted("NOOP")
    session.quit()


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("command", ["USER {name}", "PASS {password}", "APOP {name} 00000000000000000000000000000000"])
def test_login_commands_after_login(target: Target, command: str) -> None:
    """Commands of the AUTHORIZATION state are refused in TRANSACTION state, and the session goes on."""
    session = target.login()
    session.refused(command.format(name=target.account.name, password=target.account.password))
    session.accepted("NOOP")
    session.quit()


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("command", ["STAT 1", "NOOP 1", "RSET 1", "QUIT 1"])
def test_arguments_where_none_belong(target: Target, command: str) -> None:
    """A command that takes no argument is refused with one."""
    session = target.login()
    session.refused(command)
    session.quit()


@pytest.mark.must("RFC 1939 §4")
def test_numbers_hold_while_mail_arrives(maildrop: Maildrop) -> None:
    """Mail that arrives during a session does not show in it: STAT, LIST and RETR stay as they were."""
    session = maildrop.holding(*five())
    before = session.stat(), session.sizes(), session.everything()
    maildrop.deliver(letter(), letter())
    assert (session.stat(), session.sizes(), session.everything()) == before
    session.refused("RETR 6")
    session.quit()
    maildrop.open(7).quit()


@pytest.mark.must("RFC 1939 §5")
def test_rset_shows_no_new_mail(maildrop: Maildrop) -> None:
    """RSET unmarks and does no more: mail that arrived meanwhile waits for the next session."""
    session = maildrop.holding(*five())
    before = session.stat(), session.sizes()
    maildrop.deliver(letter())
    session.accepted("DELE 1")
    session.accepted("RSET")
    assert (session.stat(), session.sizes()) == before


@pytest.mark.must("RFC 1939 §4")
def test_no_message_leaves_under_a_session(maildrop: Maildrop) -> None:
    """What another session removes stays readable in this one, or the other session was not let in."""
    session = maildrop.holding(*five())
    sizes = session.sizes()
    other = maildrop.target.ready()
    if maildrop.target.sign_in(other, maildrop.account).ok:
        for number in other.sizes():
            other.accepted(f"DELE {number}")
        other.quit()
    assert all(len(session.retr(number)) == size for number, size in sizes.items())


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.slow
def test_ten_minutes_of_silence(target: Target) -> None:
    """A session that says nothing for almost ten minutes is still there."""
    session = target.login()
    time.sleep(590)
    session.accepted("NOOP")
    session.quit()
