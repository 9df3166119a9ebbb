"""Lines and dots against models so plain that they can be believed."""

import contextlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pop3service.lines import DataReader, DotStuffer, LineReader, LineTooLongError, TopLines, canonical

MORSELS = [b"\r", b"\n", b".", b"a", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"\0", b"\xff"]
NASTY = st.lists(st.sampled_from(MORSELS)).map(b"".join)
CANONICAL = NASTY.map(canonical)


@st.composite
def pieces(draw, text=NASTY):
    """Some bytes, and the same bytes cut anywhere."""
    whole = draw(text)
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    return whole, [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def read_lines(limit, parts):
    reader, lines = LineReader(limit), []
    for part in parts:
        reader.feed(part)
        while True:
            try:
                line = reader.next_line()
            except LineTooLongError:
                line = "too long"
            if line is None:
                break
            lines.append(line)
    return lines


def model_lines(limit, whole):
    *complete, rest = whole.split(b"\n")
    lines = [line.removesuffix(b"\r") for line in complete]
    lines = [line if len(line) <= limit else "too long" for line in lines]
    return lines + ["too long"] * (len(rest) > limit + 1)


def read_data(parts):
    reader, out = DataReader(), b""
    for index, part in enumerate(parts):
        out += reader.feed(part)
        if reader.done:
            return out, reader.leftover + b"".join(parts[index + 1 :])
    return out, None


def model_data(whole):
    """The text and what follows it, or None for the latter where the end has not come."""
    out = b""
    *lines, rest = whole.split(b"\r\n")
    for index, line in enumerate(lines):
        if line == b".":
            return out, b"\r\n".join([*lines[index + 1 :], rest])
        out += re.sub(rb"[\r\n]", b"\r\n", line.removeprefix(b".")) + b"\r\n"
    return out, None


def stuffed(parts):
    stuffer = DotStuffer()
    return b"".join([*map(stuffer.stuff, parts), stuffer.end()])


def model_top(whole, lines):
    head, blank, body = (b"\r\n" + whole).partition(b"\r\n\r\n")
    return (head + blank + b"".join(body.splitlines(keepends=True)[:lines]))[2:]


class TestLineReader:
    @pytest.mark.parametrize(
        ("sent", "lines"),
        [
            (b"STAT\r\n", [b"STAT"]),
            (b"STAT\nLIST\r\n", [b"STAT", b"LIST"]),
            (b"\r\n\n", [b"", b""]),
            (b"STAT", []),
            (b"ab\rc\r\r\n", [b"ab\rc\r"]),
            (b"12345678\r\nNOOP\r\n", [b"12345678", b"NOOP"]),
            (b"123456789\r\nNOOP\r\n", ["too long", b"NOOP"]),
            (b"1234567890" * 99 + b"\nNOOP\r\n", ["too long", b"NOOP"]),
            (b"1234567890", ["too long"]),
        ],
    )
    def test_cuts_lines(self, sent, lines):
        assert read_lines(8, [sent]) == lines
        assert read_lines(8, [bytes([octet]) for octet in sent]) == lines

    @given(pieces(), st.integers(0, 5))
    def test_reads_the_same_however_it_is_cut(self, sent, limit):
        whole, parts = sent
        assert read_lines(limit, parts) == model_lines(limit, whole)

    def test_holds_no_more_of_an_endless_line_than_its_limit(self):
        reader = LineReader(100)
        for _ in range(1000):
            reader.feed(b"x" * 50)
            with contextlib.suppress(LineTooLongError):
                assert reader.next_line() is None
            assert len(reader) <= 101

    def test_hands_over_what_follows_the_last_line(self):
        reader = LineReader(100)
        reader.feed(b"DATA\r\nFrom: a\r\n.\r\n")
        assert reader.next_line() == b"DATA"
        assert reader.take_rest() == b"From: a\r\n.\r\n"
        assert len(reader) == 0
        reader.feed(b"QUIT\r\n")
        assert reader.next_line() == b"QUIT"


class TestDotStuffer:
    @pytest.mark.parametrize(
        ("message", "sent"),
        [
            (b"", b".\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
            (b"no line end", b"no line end\r\n.\r\n"),
            (b"\r\n", b"\r\n.\r\n"),
        ],
    )
    def test_stuffs_and_ends(self, message, sent):
        assert stuffed([message]) == sent
        assert stuffed([bytes([octet]) for octet in message]) == sent

    @given(pieces(), st.data())
    def test_is_undone_by_the_reader(self, message, data):
        whole, parts = message
        sent = stuffed(parts)
        _, again = data.draw(pieces(st.just(sent)))
        expected = canonical(whole) if whole.endswith(b"\r\n") or not whole else canonical(whole + b"\r\n")
        assert read_data(again) == (expected, b"")


class TestDataReader:
    @pytest.mark.parametrize(
        ("sent", "text", "leftover"),
        [
            (b".\r\n", b"", b""),
            (b"a\r\n.\r\nQUIT\r\n", b"a\r\n", b"QUIT\r\n"),
            (b"..a\r\n...\r\n.\r\n", b".a\r\n..\r\n", b""),
            (b".a\r\n.\r\n", b"a\r\n", b""),
            (b"a\nb\rc\r\n.\r\n", b"a\r\nb\r\nc\r\n", b""),
            (b"a\r\r\n.\r\n", b"a\r\n\r\n", b""),
            (b"\r\n\r\n.\r\n.\r\n", b"\r\n\r\n", b".\r\n"),
            (b"a\n.\nb", b"a\r\n.\r\nb", None),
            (b"a\n.\r\nb", b"a\r\n.\r\nb", None),
            (b"a\r\n.\nb", b"a\r\n\r\nb", None),
            (b"a\r.\rb", b"a\r\n.\r\nb", None),
            (b"a\r\n.\rb", b"a\r\n\r\nb", None),
            (b".\nb", b"\r\nb", None),
            (b"a\r\n.\r", b"a", None),
        ],
    )
    def test_ends_at_a_dot_between_two_crlf_only(self, sent, text, leftover):
        assert read_data([sent]) == (text, leftover)
        assert read_data([bytes([octet]) for octet in sent]) == (text, leftover)

    @given(pieces())
    @example((b"\r\n.\r\r", [b"\r\n.\r\r"]))
    def test_agrees_with_the_model(self, sent):
        whole, parts = sent
        text, leftover = read_data(parts)
        expected, rest = model_data(whole)
        assert leftover == rest
        if rest is None:  # the last octets may be held back, and the model holds back a whole line
            complete, _ = read_data([*parts, b"\r\n.\r\n"])
            assert complete.startswith(text)
            assert len(text) >= len(expected) - len(b"\r\n")
        else:
            assert text == expected

    @given(pieces())
    def test_gives_canonical_text_and_counts_it(self, sent):
        reader = DataReader()
        text = b"".join(reader.feed(part) for part in [*sent[1], b"\r\n.\r\n"] if not reader.done)
        assert reader.octets == len(text)
        assert canonical(text) == text
        assert text.endswith(b"\r\n") or not text


class TestTopLines:
    MESSAGE = b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n\r\nfour\r\n"

    @pytest.mark.parametrize(
        ("lines", "kept"),
        [(0, b"A: 1\r\nB: 2\r\n\r\n"), (1, MESSAGE[:19]), (3, MESSAGE[:26]), (4, MESSAGE), (10**30, MESSAGE)],
    )
    def test_keeps_the_header_and_some_body_lines(self, lines, kept):
        top = TopLines(lines)
        assert top.take(self.MESSAGE) == kept
        assert top.done is (lines <= 4)

    @given(pieces(CANONICAL), st.integers(0, 6))
    @example((b"\r\nbody\r\n", [b"\r\nbody\r\n"]), 0)
    def test_agrees_with_the_model(self, message, lines):
        whole, parts = message
        top = TopLines(lines)
        kept = b"".join(top.take(part) for part in parts if not top.done)
        assert kept == model_top(whole, lines)
