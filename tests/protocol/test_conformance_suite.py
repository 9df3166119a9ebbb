"""The conformance suite passes a right server and finds out a wrong one, with pytest and nothing else loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.protocol import faulty_server
from tests.protocol.faulty_server import PASSWORD, USER, Pop3, serving

SUITE = Path(__file__).parents[1] / "conformance"
FAULTS = {
    "Unstuffed": "test_rfc1939_format.py::test_stuffing[first line]",
    "CountsLineEndsOnce": "test_rfc1939_format.py::test_size[no dot]",
    "ZeroIsOne": "test_rfc1939_numbers.py::test_dele[zero]",
    "Renumbers": "test_rfc1939_transaction.py::test_others_keep_their_numbers",
    "RemovesOnDrop": "test_rfc1939_update.py::test_dropped_line_removes_nothing[close]",
    "RereadsOnReset": "test_rfc1939_transaction.py::test_rset_shows_no_new_mail",
    "AnswersTwice": "test_rfc1939_transaction.py::test_one_reply[RSET]",
}


def outcome(server: type[Pop3], *tests: str) -> str:
    """The last line of pytest's report."""
    with serving(server) as (pop3, lmtp):
        where = ["--pop3", pop3, "--lmtp", lmtp, "--user", USER, "--password", PASSWORD, "--patience", "5"]
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                *where,
                *(str(SUITE / test) for test in tests),
            ],
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    return run.stdout.strip().splitlines()[-1]


def test_a_right_server_passes() -> None:
    assert outcome(Pop3, *FAULTS.values()).startswith(f"{len(FAULTS)} passed")


@pytest.mark.parametrize(("fault", "test"), FAULTS.items())
def test_a_fault_is_found(fault: str, test: str) -> None:
    assert outcome(getattr(faulty_server, fault), test).startswith("1 failed")
