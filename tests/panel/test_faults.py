"""What the log says of a fault: one line an outage, where another fault was, and no secret of either."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client, RequestFactory

from controlpanel.panel import errors, faults


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.LogCaptureFixture]:
    monkeypatch.setattr(faults, "_outage", faults.Outage())
    monkeypatch.setattr(faults.log, "propagate", True)
    with caplog.at_level(logging.INFO, logger="casilla.panel"):
        yield caplog


def told(lines: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in lines.records if record.name == "casilla.panel"]


def ends_with(rf: RequestFactory, error: Exception) -> int:
    try:
        raise error
    except type(error):
        return errors.failed(rf.get("/invitation/secret-of-a-link/")).status_code


def test_an_outage_is_told_when_it_begins_each_minute_and_when_it_ends(
    rf: RequestFactory, lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("controlpanel.panel.faults.time.monotonic", lambda: now)
    assert [ends_with(rf, OperationalError("connection to 192.0.2.1 failed")) for _ in range(20)] == [503] * 20
    now += 61
    ends_with(rf, OperationalError())
    for _ in range(2):
        faults._connected()
    assert [record.message for record in told(lines)] == [
        "event=database_away fault=OperationalError",
        "event=database_away fault=OperationalError",
        "event=database_back",
    ]


def test_another_fault_is_told_by_its_kind_and_place(rf: RequestFactory, lines: pytest.LogCaptureFixture) -> None:
    assert ends_with(rf, IntegrityError("Key (address)=(ana@example.org) already exists")) == 500
    [record] = told(lines)
    assert record.message.startswith("event=fault view=- fault=IntegrityError\n")
    assert "test_faults.py" in record.message
    assert "ana@" not in record.message
    assert "secret-of-a-link" not in record.message


@pytest.mark.django_db
def test_a_fault_in_a_view_names_it(lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "the content of somebody's message"

    def broken(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr("controlpanel.accounts.throttle.look", broken)
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    answer = client.post("/sign-in/", {"login": "ana@example.org", "password": "secret"})
    assert answer.status_code == 500
    [record] = told(lines)
    assert record.message.startswith("event=fault view=account_login fault=RuntimeError\n")
    assert secret not in record.message


def test_djangos_own_log_keeps_quiet_about_an_outage_and_nothing_else() -> None:
    def record(error: Exception | None) -> logging.LogRecord:
        exc_info = (type(error), error, None) if error else None
        return logging.LogRecord("django.request", logging.ERROR, "", 0, "", (), exc_info)

    kept = [faults.NoOutage().filter(record(error)) for error in (OperationalError(), RuntimeError(), None)]
    assert kept == [False, True, True]
    assert any(isinstance(each, faults.NoOutage) for each in logging.getLogger("django.request").filters)
