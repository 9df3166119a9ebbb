"""Header fields of any octets, raw at delivery, decoded for people."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.mailstore.headers import Headers, decoded, scan, sent_at

WELL = b"From: Ana <ana@example.org>\r\nSubject: hola\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@x>\r\n"
OCTETS = [b"subject:", b"From :", b"\r\n", b"\n", b"\r", b" ", b"\t", b"=?", b"?=", b"x", b"\xff", b"\0"]
WORDS = ["=?", "?=", "?", "utf-8", "utf-16", "idna", "punycode", "hex", "q", "b", "=C3", "a", " ", "=", "\udcff"]


class TestScan:
    def test_finds_the_four_fields(self) -> None:
        assert scan(WELL + b"\r\nbody\r\n") == Headers(
            "hola", "Ana <ana@example.org>", "Tue, 24 Nov 2026 10:00:00 +0100", "<1@x>"
        )

    @pytest.mark.parametrize(
        ("octets", "subject"),
        [
            (b"subject:hola\r\n\r\n", "hola"),
            (b"SUBJECT  : hola \r\n\r\n", "hola"),
            (b"Subject: hola\n\n", "hola"),
            (b"Subject: hola", "hola"),
            (b"Subject: uno\r\nSubject: dos\r\n\r\n", "uno"),
            (b"Subject: hola\r\n mundo\r\n\ty\r\nX: z\r\n\r\n", "hola mundo y"),
            (b"Subject:\r\n hola\r\n\r\n", "hola"),
            (b"X-Subject: no\r\nSubjects: no\r\n\r\nSubject: body", ""),
            (b"\r\nSubject: body\r\n\r\n", ""),
            (b"Subject: ma\xc3\xb1ana\r\n\r\n", "ma\u00f1ana"),
            (b"Subject: ma\xf1ana\r\n\r\n", "ma\u00f1ana"),
            (b"Subject: a\0b\r\n\r\n", "ab"),
            (b"Subject: =?utf-8?q?ma=C3=B1ana?=\r\n\r\n", "=?utf-8?q?ma=C3=B1ana?="),
            (b"", ""),
        ],
    )
    def test_of_a_subject(self, octets: bytes, subject: str) -> None:
        assert scan(octets).subject == subject

    def test_cuts_before_a_broken_encoded_word(self) -> None:
        word = b"=?utf-8?q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?="
        subject = scan(b"Subject: " + b" ".join([word] * 20) + b"\r\n\r\n").subject
        assert len(subject) <= 400
        assert subject.endswith("?=")
        assert decoded(subject) == "a" * len(decoded(subject))

    def test_cuts_plain_text_to_the_column(self) -> None:
        found = scan(b"Subject: " + b"x" * 9000 + b"\r\nDate: " + b"d" * 900 + b"\r\nMessage-ID: " + b"m" * 900)
        assert [len(each) for each in (found.subject, found.date_header, found.message_id)] == [400, 100, 320]

    @given(st.binary(max_size=2000))
    def test_any_octets(self, octets: bytes) -> None:
        for field in scan(octets):
            assert "\0" not in field

    @given(st.lists(st.sampled_from(OCTETS)))
    def test_any_order_of_what_matters(self, parts: list[bytes]) -> None:
        for field in scan(b"".join(parts)):
            assert not {"\0", "\r", "\n"} & set(field)
            field.encode()


class TestDecoded:
    @pytest.mark.parametrize(
        ("raw", "shown"),
        [
            ("plain", "plain"),
            ("=?utf-8?q?ma=C3=B1ana?= temprano", "ma\u00f1ana temprano"),
            ("=?iso-8859-1?Q?ma=F1ana?=", "ma\u00f1ana"),
            ("=?utf-8?b?bWHDsWFuYQ==?= <ana@example.org>", "ma\u00f1ana <ana@example.org>"),
            ("=?utf-8?b?bWHDsWFuYQ?=", "ma\u00f1ana"),
            ("=?utf-8?q?ma=C3?= =?utf-8?q?=B1ana?=", "ma\u00f1ana"),
            ("=?utf-8?q?uno?= =?utf-8?q?dos?=", "unodos"),
            ("=?UTF-8*es?q?hola?=", "hola"),
            ("\u20ac =?utf-8?q?=E2=82=AC?= C:\\users", "\u20ac \u20ac C:\\users"),
            ("=?no-such?q?=E9?=", "\u00e9"),
            ("=?zip?q?abc?=", "abc"),
            ("=?undefined?q?abc?=", "abc"),
            ("=??q?abc?=", "abc"),
            ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
            ("=?utf-8?q?open", "=?utf-8?q?open"),
            ("=?utf-8?q?a=0D=0ABcc:_x=00?=", "aBcc: x"),
            ("pay\u202egpj.exe", "paygpj.exe"),
            ("<[a", "<[a"),
        ],
    )
    def test_of_words_as_they_are_found(self, raw: str, shown: str) -> None:
        assert decoded(raw) == shown

    @given(st.text(max_size=400))
    def test_any_text(self, raw: str) -> None:
        decoded(raw).encode()

    @given(st.lists(st.sampled_from(WORDS)))
    def test_any_order_of_what_matters(self, parts: list[str]) -> None:
        decoded("".join(parts)).encode()


class TestSentAt:
    @pytest.mark.parametrize(
        ("raw", "moment"),
        [
            ("Tue, 24 Nov 2026 10:00:00 +0100", datetime(2026, 11, 24, 9, tzinfo=UTC)),
            ("24 Nov 2026 10:00:00 -0000", datetime(2026, 11, 24, 10, tzinfo=UTC)),
            ("Tue, 99 Nov 2026 10:00:00 +0100", None),
            ("31 Dec 9999 23:59:00 -2359", None),
            ("1 Jan 2026 00:00:00 +99999", None),
            ("tomorrow", None),
            ("", None),
        ],
    )
    def test_of_a_field(self, raw: str, moment: datetime | None) -> None:
        assert sent_at(raw) == moment

    @given(st.text(max_size=100))
    def test_any_text(self, raw: str) -> None:
        sent_at(raw)
