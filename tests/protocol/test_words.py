"""Both languages say all there is to say, and about the same things."""

from string import Formatter

import pytest

from pop3service.requests import Reason
from pop3service.words import ENGLISH, NAMES, SPANISH, WORDS, Text, find_language

EVERYTHING = [*Text, *Reason]


def fields(sentence):
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name)


@pytest.mark.parametrize("text", EVERYTHING, ids=str)
def test_each_sentence_is_there_in_both(text):
    assert fields(ENGLISH[text]) == fields(SPANISH[text])
    assert ENGLISH[text] != SPANISH[text]


@pytest.mark.parametrize("words", [ENGLISH, SPANISH])
def test_nothing_more_is_there(words):
    assert set(words) == set(EVERYTHING)
    assert len(set(words.values())) == len(EVERYTHING)


@pytest.mark.parametrize("text", EVERYTHING, ids=str)
def test_sentences_fit_a_reply_and_do_not_shout(text):
    for words in (ENGLISH, SPANISH):
        assert len(words[text].encode()) < 300
        assert not set("\r\n!<") & set(words[text])
        assert not words[text].startswith("[")
    assert ENGLISH[text].isascii()


def test_reasons_with_a_time_say_it():
    timed = {Reason.IN_USE, Reason.LOGIN_DELAY, Reason.THROTTLED}
    assert {reason for reason in Reason if "seconds" in fields(ENGLISH[reason])} == timed


def test_every_language_has_a_name():
    assert set(NAMES) == set(WORDS)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("es-419-x-y", "es"),
        ("i-default", "i-default"),
        ("i", None),
        ("", None),
        ("-es", None),
    ],
)
def test_finds_the_nearest_language(wanted, found):
    assert find_language(wanted) == found
