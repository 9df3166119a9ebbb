"""The whole check of a set-up, in the order in which a mail client would stumble."""

from django.utils.translation import gettext as _

from controlpanel.clientsetup.dns_records import Record
from controlpanel.clientsetup.selftest import lookups, reach, records
from controlpanel.clientsetup.selftest.files import Wanted, check_files
from controlpanel.clientsetup.selftest.findings import Report, Verdict
from controlpanel.clientsetup.selftest.lookups import Answers, UnansweredError
from controlpanel.clientsetup.selftest.mail import SignIn, check_server
from controlpanel.clientsetup.service import ServiceDescription


def check(
    service: ServiceDescription, files: list[Wanted], published: tuple[Record, ...], sign_in: SignIn | None
) -> list[Report]:
    """Look at the name, the listeners, the files and the SRV records. Without `sign_in` nobody logs in."""
    services = [record for record in published if record.type == "SRV"]
    hosts = [server.host for server in service.incoming] + [wanted.host for wanted in files]
    asked = [*reach.questions(*hosts), *records.questions(services)]
    answers = lookups.ask(asked, lookups.dns_lookup)
    return [
        *_incoming(service, answers, sign_in),
        check_files(files, answers),
        _services(services, answers),
    ]


def _incoming(service: ServiceDescription, answers: Answers, sign_in: SignIn | None) -> list[Report]:
    host = service.incoming[0].host
    name = Report(_("The server's name"))
    try:
        found = reach.addresses(host, answers)
    except UnansweredError:
        name.add("DNS", Verdict.UNKNOWN, _("No name server answered when asked for %(host)s.") % {"host": host})
        return [name]
    if not found:
        name.add("DNS", Verdict.WRONG, _("%(host)s has no address: no mail client finds it.") % {"host": host})
        return [name]
    words = _("%(host)s is found at %(addresses)s.") % {"host": host, "addresses": ", ".join(found)}
    name.add("DNS", Verdict.OK, words)
    return [name, *(check_server(server, found, sign_in) for server in service.incoming)]


def _services(services: list[Record], answers: Answers) -> Report:
    report = Report(_("Records that mail clients ask for (SRV)"))
    for record in services:
        judged = records.judge(record, answers)
        report.add(record.name, judged.verdict or Verdict.UNKNOWN, " ".join([judged.words, *judged.found]))
    return report
