"""Every page that people see, as addresses: what the whole matrix of widths, languages and colours is tried on."""

from dataclasses import dataclass

from controlpanel.mailboxes.models import Address, Mailbox
from controlpanel.mailstore.models import Message
from tests.browser import demo, demo_away, demo_files
from tests.store.factories import make_dialogue


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    role: str
    where: str


def places() -> list[Place]:
    """The pages of the demo, whose numbers the database gave."""
    office, owner = demo.OFFICE, Mailbox.objects.get(address_text=demo.OWNER)
    walter = Mailbox.objects.get(address_text=f"walter@{office}")
    longest = Mailbox.objects.get(address_text=demo.LONGEST)
    alias = Address.objects.get(local="facturacion", domain__name=office)
    message = Message.objects.filter(mailbox=owner, removed=None).order_by("octets").first()
    assert message is not None
    demo_files.grown()
    demo_away.fill(owner)
    own, box = f"/mail/{owner.pk}/", f"/mailboxes/{walter.pk}/"
    return [
        Place("sign-in", "", "/sign-in/"),
        Place("sign-out", "owner", "/sign-out/"),
        Place("forgotten", "", "/sign-in/forgotten/"),
        Place("invitation-spent", "", "/invitation/spent/"),
        Place("not-found", "owner", "/nowhere/"),
        Place("domains", "operator", "/domains/"),
        Place("domains-none-found", "operator", "/domains/?q=nothing"),
        Place("domain-new", "operator", "/domains/new/"),
        Place("domain", "operator", f"/domains/{office}/"),
        Place("domain-edit", "operator", f"/domains/{office}/edit/"),
        Place("catch-all", "administrator", f"/domains/{office}/catch-all/"),
        Place("domain-suspended", "operator", "/domains/radio-del-valle.example/"),
        Place("domain-suspend", "operator", f"/domains/{office}/suspend/"),
        Place("domain-delete", "operator", f"/domains/{office}/delete/"),
        Place("domain-appoint", "operator", f"/domains/{office}/administrators/new/"),
        Place("domain-activity", "administrator", f"/domains/{office}/activity/"),
        Place("mailboxes-everywhere", "operator", "/mailboxes/"),
        Place("mailboxes-many", "operator", f"/domains/{demo.UNIVERSITY}/mailboxes/?page=5"),
        Place("mailboxes-empty", "operator", "/domains/vacia.example/mailboxes/"),
        Place("mailboxes-longest", "operator", f"/domains/{longest.domain.name}/mailboxes/"),
        Place("mailboxes", "administrator", f"/domains/{office}/mailboxes/"),
        Place("mailbox-new", "administrator", f"/domains/{office}/mailboxes/new/"),
        Place("mailboxes-list", "administrator", f"/domains/{office}/mailboxes/list/"),
        Place("growth", "operator", "/growth/"),
        Place("domain-growth", "administrator", f"/domains/{office}/growth/"),
        Place("imports", "administrator", "/imports/"),
        Place("domain-import", "administrator", f"/domains/{office}/import/"),
        Place("import-checked", "administrator", f"/imports/{demo_files.imported()}/"),
        Place("import-done", "administrator", f"/imports/{demo_files.imported(made=True)}/"),
        Place("import-under-way", "administrator", f"/imports/{demo_files.imported(under_way=True)}/"),
        Place("mailbox", "administrator", f"/mailboxes/{owner.pk}/"),
        Place("mailbox-suspended", "administrator", box),
        Place("mailbox-longest", "operator", f"/mailboxes/{longest.pk}/"),
        Place("mailbox-edit", "administrator", f"{box}edit/"),
        Place("mailbox-password", "administrator", f"{box}password/"),
        Place("mailbox-rename", "administrator", f"{box}rename/"),
        Place("mailbox-hand-over", "administrator", f"/mailboxes/{owner.pk}/hand-over/"),
        Place("mailbox-access", "administrator", f"{box}access/new/"),
        Place("mailbox-close", "administrator", f"{box}close/"),
        Place("mailbox-delete", "administrator", f"{box}delete/"),
        Place("aliases", "administrator", f"/domains/{office}/aliases/"),
        Place("alias", "administrator", f"/aliases/{alias.pk}/"),
        Place("alias-new", "administrator", f"/domains/{office}/aliases/new/"),
        Place("activity", "operator", "/activity/"),
        Place("service", "operator", "/service/"),
        Place("operators", "operator", "/service/operators/"),
        Place("operator-new", "operator", "/service/operators/new/"),
        Place("account", "administrator", "/account/"),
        Place("second-address-confirm", "owner", "/account/second-address/confirm/none/"),
        Place("account-password", "owner", "/account/password/"),
        Place("second-factor", "owner", "/account/second-factor/"),
        Place("browsers", "owner", "/account/browsers/"),
        Place("home", "owner", own),
        Place("removed", "owner", f"{own}removed/"),
        Place("held", "owner", f"{own}held/"),
        Place("forwarding", "owner", f"{own}forwarding/"),
        Place("forwarding-administrator", "administrator", f"{own}forwarding/"),
        Place("away", "owner", f"{own}away/"),
        Place("message", "owner", f"{own}messages/{message.pk}/"),
        Place("find", "owner", f"{own}find/"),
        Place("find-none", "owner", f"{own}find/?q=nothing&from=2026-01-01"),
        Place("dialogues", "owner", f"{own}dialogues/"),
        Place("dialogues-administrator", "administrator", f"{own}dialogues/"),
        Place("dialogue", "owner", f"{own}dialogues/{make_dialogue(owner).pk}/"),
        Place("trace", "administrator", f"/mailboxes/{owner.pk}/trace/"),
        Place("devices", "owner", f"{own}devices/"),
        Place("sessions", "owner", f"{own}sessions/"),
        Place("set-up", "owner", f"{own}setup/"),
        Place("set-up-thunderbird", "owner", f"{own}setup/thunderbird/"),
        Place("set-up-existing", "owner", f"{own}setup/kmail/?existing"),
        Place("set-up-iphone", "owner", f"{own}setup/iphone/"),
        Place("set-up-android", "owner", f"{own}setup/thunderbird-android/"),
        Place("set-up-longest", "operator", f"/mail/{longest.pk}/setup/claws/"),
        Place("set-up-leaving", "owner", f"{own}setup/leaving/"),
        Place("set-up-check", "owner", f"{own}setup/check/"),
        Place("set-up-by-hand", "owner", f"{own}setup/by-hand/"),
        Place("telephone-late", "", "/telephone/x/"),
        Place("domain-setup", "administrator", f"/domains/{office}/setup/"),
        Place("domain-dns", "administrator", f"/domains/{office}/dns/"),
        Place("help", "", f"/help/{office}/es/"),
        Place("help-outlook", "", f"/help/{office}/es/outlook-new/"),
    ]
