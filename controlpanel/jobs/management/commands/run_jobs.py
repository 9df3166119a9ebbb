import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlpanel.jobs import sending
from controlpanel.jobs.running import run_due, run_forever
from controlpanel.jobs.schedule import SCHEDULE


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # it serves no page
    help = "Send mail that leaves, and do the work that has a clock: retention, expiry. Runs until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["once"]:
            run_due(SCHEDULE, stop)
            sending.send_due(stop)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        # A relay that is slow shall hold up nothing else.
        sender = threading.Thread(target=sending.run_forever, args=(stop,), name="sending")
        sender.start()
        run_forever(SCHEDULE, stop)
        sender.join()
