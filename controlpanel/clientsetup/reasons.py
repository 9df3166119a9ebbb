"""Why each DNS record is there, in a sentence."""

from django.utils.translation import gettext_lazy as _

from controlpanel.clientsetup.client_facts import Text
from controlpanel.clientsetup.dns_records import Reason

HEADINGS: tuple[tuple[Text, tuple[Reason, ...]], ...] = (
    (_("So that mail arrives, and is believed"), (Reason.RECEIVE, Reason.SENDERS, Reason.POLICY, Reason.SIGNATURE)),
    (
        _("So that mail clients set themselves up"),
        (Reason.AUTOCONFIG, Reason.OUTLOOK, Reason.PACC_HOST, Reason.PACC_DIGEST),
    ),
    (
        _("So that mail clients which ask the DNS find the servers"),
        (
            *(Reason.POP3S, Reason.POP3, Reason.NO_POP3S, Reason.NO_POP3, Reason.NO_IMAP),
            *(Reason.SUBMISSION, Reason.SUBMISSION_CLAWS, Reason.NO_SUBMISSIONS),
        ),
    ),
)

SENTENCES: dict[Reason, Text] = {
    Reason.RECEIVE: _("Where mail to the domain is delivered."),
    Reason.SENDERS: _("Who may send in the domain's name. Add your other senders before the “~all”."),
    Reason.POLICY: _("What others shall do with forged mail: this one only asks for reports."),
    Reason.SIGNATURE: _("The key that proves the signature on mail the domain sends."),
    Reason.POP3S: _("Where mail is fetched, encrypted from the first octet: what mail clients should use."),
    Reason.POP3: _("Where mail is fetched with STARTTLS, for mail clients that know nothing else."),
    Reason.NO_POP3S: _("Says that there is no such server, so nobody tries."),
    Reason.NO_POP3: _("Says that there is no such server, so nobody tries."),
    Reason.NO_IMAP: _("Says that there is no IMAP here, so mail clients choose POP3 and nobody waits."),
    Reason.SUBMISSION: _("Where mail clients hand in what they send."),
    Reason.SUBMISSION_CLAWS: _("The same, for Claws Mail, which asks by this name alone."),
    Reason.NO_SUBMISSIONS: _("Says that there is no such server, so nobody tries."),
    Reason.OUTLOOK: _("Where Outlook looks for the settings."),
    Reason.AUTOCONFIG: _("Where Thunderbird, KMail and Evolution look for the settings."),
    Reason.PACC_HOST: _("Where mail clients that know PACC look for the settings."),
    Reason.PACC_DIGEST: _("Vouches for those settings. It changes when they do."),
}
