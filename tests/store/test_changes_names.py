"""Alias domains, the catch-all, sub-addresses, who may send with an alias, and names that are not told."""

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, State
from controlpanel.mailboxes.recipients import Accepted, Recipient, Unknown, find_recipients
from tests.store.changing import administrator, not_allowed, operator, refused, told
from tests.store.factories import age, make_alias, make_domain, make_mailbox
from tests.store.postfix_lookups import look_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _relay(settings) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://localhost", "casilla@casa.example"


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@casa.example")


@pytest.fixture
def casa(ana: Mailbox) -> Domain:
    return ana.domain


@pytest.fixture
def alias() -> Domain:
    return make_domain("alias.example")


def leads_to(address: str) -> tuple[int, ...]:
    [target] = find_recipients([Recipient(address)])
    return target.mailboxes if isinstance(target, Accepted) else ()


class TestAliasDomain:
    def test_takes_mail_for_the_other_until_it_is_ended(self, casa: Domain, alias: Domain, ana: Mailbox) -> None:
        admin = administrator(casa, alias)
        made = changes.make_alias_domain(alias, "CASA.example.", actor=admin)
        assert made.alias_of == casa
        row = told("make_alias_domain")
        assert (row.domain_id, row.subject, row.details) == (alias.pk, "alias.example", {"alias_of": "casa.example"})
        assert leads_to("ana@alias.example") == (ana.pk,)
        changes.make_alias_domain(alias, "casa.example", actor=admin)
        assert Activity.objects.count() == 1
        changes.end_alias_domain(alias, actor=admin)
        assert told("end_alias_domain").details == {"alias_of": "casa.example"}
        changes.end_alias_domain(alias, actor=admin)
        assert Activity.objects.count() == 2
        assert leads_to("ana@alias.example") == ()

    def test_needs_both_domains_and_tells_of_no_other(self, casa: Domain, alias: Domain) -> None:
        admin = administrator(alias)
        for name in ("casa.example", "nowhere.example"):
            with refused("alias_of", f"You run no domain {name}."):
                changes.make_alias_domain(alias, name, actor=admin)
        with not_allowed():
            changes.make_alias_domain(casa, "alias.example", actor=admin)
        with refused("alias_of", "a dot in it"):
            changes.make_alias_domain(alias, "casa", actor=admin)

    def test_is_no_alias_of_itself_and_no_link_of_a_chain(self, casa: Domain, alias: Domain) -> None:
        third = make_domain("third.example")
        with refused("alias_of", "no alias of itself"):
            changes.make_alias_domain(alias, "alias.example", actor=SHELL)
        changes.make_alias_domain(alias, "casa.example", actor=SHELL)
        with refused("alias_of", "alias.example is an alias of casa.example itself"):
            changes.make_alias_domain(third, "alias.example", actor=SHELL)
        Mailbox.objects.all().delete()
        Address.objects.all().delete()
        User.objects.all().delete()
        with refused("alias_of", "Other domains are aliases of this one"):
            changes.make_alias_domain(casa, "third.example", actor=SHELL)

    @pytest.mark.parametrize("held", ["mailbox", "deleted mailbox", "alias", "sign-in"])
    def test_has_no_address_of_its_own(self, casa: Domain, alias: Domain, held: str) -> None:
        if "mailbox" in held:
            make_mailbox("eva@alias.example", state=State.DELETED if "deleted" in held else State.ACTIVE)
        elif held == "alias":
            make_alias("eva@alias.example", "eva@outside.example")
        else:
            User.objects.create_user("boss@alias.example", is_operator=True)
        with refused("alias_of", "addresses of its own"):
            changes.make_alias_domain(alias, "casa.example", actor=SHELL)

    def test_gets_none_either(self, casa: Domain, alias: Domain, ana: Mailbox) -> None:
        changes.make_alias_domain(alias, "casa.example", actor=SHELL)
        with refused("", "an alias of casa.example: addresses are made there"):
            changes.create_mailbox(alias, "eva", actor=SHELL)
        with refused("", "an alias of casa.example"):
            changes.create_alias(alias, "eva", ["ana@casa.example"], actor=SHELL)
        with refused("", "an alias of casa.example"):
            changes.rename_mailbox(ana, "ana@alias.example", actor=SHELL)
        with refused("address", "alias of another"):
            changes.create_operator("boss@alias.example", actor=SHELL)
        with refused("address", "alias of another"):
            changes.appoint_administrator(casa, "boss@alias.example", actor=SHELL)

    def test_a_target_in_it_is_the_mailbox_behind_it(self, casa: Domain, alias: Domain, ana: Mailbox) -> None:
        changes.make_alias_domain(alias, "casa.example", actor=SHELL)
        made = changes.create_alias(casa, "info", ["Ana@alias.example"], actor=SHELL)
        assert Alias.objects.get(address=made).mailbox == ana

    def test_stands_alone_again_when_the_other_goes(self, casa: Domain, alias: Domain, ana: Mailbox) -> None:
        changes.make_alias_domain(alias, "casa.example", actor=SHELL)
        changes.delete_domain(casa, actor=SHELL)
        assert look_up("access", "ana@alias.example") == ["550 5.2.1 The mailbox takes no mail"]
        changes.drop_mailbox(ana.pk)
        age("mailboxes_domain", state_since="31 days")
        assert changes.drop_domains() == 1
        alias.refresh_from_db()
        assert alias.alias_of is None
        assert told("end_alias_domain").subject == "alias.example"


class TestCatchAll:
    def test_is_a_mailbox_an_alias_or_nobody(self, casa: Domain, ana: Mailbox) -> None:
        luis = make_mailbox("luis@casa.example")
        both = changes.create_alias(casa, "both", ["ana@casa.example", "luis@casa.example"], actor=SHELL)
        admin = administrator(casa)
        changes.set_catch_all(casa, "Ana@casa.example", actor=admin)
        assert leads_to("any@casa.example") == (ana.pk,)
        changes.set_catch_all(casa, "both@casa.example", actor=admin)
        assert told("change_alias").details == {"targets": [["ana@casa.example"], ["both@casa.example"]]}
        assert leads_to("any+x@casa.example") == (ana.pk, luis.pk)
        assert sorted(look_up("aliases", "any@casa.example")) == ["ana@casa.example", "luis@casa.example"]
        assert look_up("access", "any@casa.example") == ["DUNNO"]
        assert look_up("senders", "any@casa.example") == []
        changes.change_alias(both, ["luis@casa.example"], actor=admin)
        assert leads_to("any@casa.example") == (luis.pk,)
        assert look_up("senders", "any@casa.example") == ["luis@casa.example"]
        changes.set_catch_all(casa, " ", actor=admin)
        changes.set_catch_all(casa, "", actor=admin)
        assert find_recipients([Recipient("any@casa.example")]) == [Unknown()]

    def test_an_alias_elsewhere_behind_it(self, casa: Domain) -> None:
        changes.create_alias(casa, "away", ["eva@outside.example"], actor=SHELL)
        changes.set_catch_all(casa, "away@casa.example", actor=SHELL)
        assert find_recipients([Recipient("any@casa.example")]) == [Accepted((), ("eva@outside.example",))]
        assert look_up("aliases", "any@casa.example") == ["eva@outside.example"]

    def test_what_it_cannot_be(self, casa: Domain, ana: Mailbox) -> None:
        changes.create_alias(casa, "info", ["ana@casa.example"], actor=SHELL)
        other = make_domain("other.example")
        changes.create_alias(other, "info", ["ana@casa.example"], actor=SHELL)
        for to, sentence in (
            ("nobody@casa.example", "There is no mailbox nobody@casa.example"),
            ("info@other.example", "info@other.example is an alias itself"),
            ("nobody", "name@domain"),
        ):
            with refused("targets", sentence):
                changes.set_catch_all(casa, to, actor=SHELL)
        with refused("targets", "one alias alone"):
            changes.create_alias(casa, "*", ["ana@casa.example", "info@casa.example"], actor=SHELL)
        with not_allowed():
            changes.set_catch_all(casa, "", actor=administrator(other))

    def test_the_alias_behind_it_stays(self, casa: Domain, ana: Mailbox) -> None:
        info = changes.create_alias(casa, "info", ["ana@casa.example"], actor=SHELL)
        changes.set_catch_all(casa, "info@casa.example", actor=SHELL)
        with refused("", "Choose another catch-all first"):
            changes.delete_alias(info, actor=SHELL)
        changes.set_catch_all(casa, "", actor=SHELL)
        changes.delete_alias(info, actor=SHELL)

    def test_ends_with_the_mailbox_behind_its_alias(self, casa: Domain, ana: Mailbox) -> None:
        changes.create_alias(casa, "info", ["ana@casa.example"], actor=SHELL)
        changes.set_catch_all(casa, "info@casa.example", actor=SHELL)
        changes.delete_mailbox(ana, actor=SHELL)
        assert look_up("access", "any@casa.example") == ["550 5.2.1 The mailbox takes no mail"]
        assert changes.drop_mailbox(ana.pk)
        assert not Address.objects.exists()

    def test_goes_with_its_domain(self, casa: Domain, ana: Mailbox) -> None:
        changes.create_alias(casa, "info", ["eva@outside.example"], actor=SHELL)
        changes.set_catch_all(casa, "info@casa.example", actor=SHELL)
        changes.delete_domain(casa, actor=SHELL)
        changes.drop_mailbox(ana.pk)
        age("mailboxes_domain", state_since="31 days")
        assert changes.drop_domains() == 1


class TestSubAddresses:
    def test_have_the_separator_that_the_domain_chooses(self, casa: Domain, ana: Mailbox) -> None:
        changes.change_domain(casa, actor=administrator(casa), separator="-")
        assert told("change_domain").details == {"separator": ["+", "-"]}
        assert leads_to("ana-lists@casa.example") == (ana.pk,)
        assert leads_to("ana+lists@casa.example") == ()
        changes.create_mailbox(casa, "juan-carlos", actor=SHELL)
        with refused("separator", "cannot be chosen"):
            changes.change_domain(casa, actor=SHELL, separator="x")

    def test_a_plus_is_part_of_a_name_only_where_it_separates_nothing(self, casa: Domain) -> None:
        with refused("local", "plus sign"):
            changes.create_mailbox(casa, "ana+lists", actor=SHELL)
        with refused("local", "plus sign"):
            changes.create_alias(casa, "ana+lists", ["ana@casa.example"], actor=SHELL)
        casa = changes.change_domain(casa, actor=SHELL, separator="")
        changes.create_alias(casa, "ana+lists", ["ana@casa.example"], actor=SHELL)
        changes.create_mailbox(casa, "ana+shop", actor=SHELL)


def test_who_may_send_with_an_alias_is_told(casa: Domain) -> None:
    make_mailbox("luis@casa.example")
    targets = ["ana@casa.example", "luis@casa.example"]
    alias = changes.create_alias(casa, "info", targets, actor=SHELL)
    assert look_up("senders", "info@casa.example") == []
    alias = changes.change_alias(alias, targets, send_as=True, actor=administrator(casa))
    assert told("change_alias").details == {"send_as": [False, True]}
    assert sorted(look_up("senders", "info@casa.example")[0].split(",")) == targets
    changes.change_alias(alias, targets[:1], actor=SHELL)
    alias.refresh_from_db()
    assert alias.send_as
    changes.create_alias(casa, "team", targets, send_as=True, actor=SHELL)
    assert told("create_alias").details == {"targets": targets, "send_as": True}


class TestOtherDomains:
    """Who runs a domain learns nothing about the names of another."""

    @pytest.fixture
    def other(self) -> Domain:
        make_mailbox("eva@other.example")
        make_alias("info@other.example", "eva@outside.example")
        return Domain.objects.get(name="other.example")

    @pytest.mark.parametrize("name", ["eva", "info", "nobody"])
    def test_a_target_there_is_elsewhere_whether_it_exists_or_not(
        self, casa: Domain, other: Domain, name: str, settings
    ) -> None:
        admin = administrator(casa)
        alias = changes.create_alias(casa, "info", [f"{name}@other.example"], actor=admin)
        assert [(row.mailbox, row.outside) for row in alias.aliases.all()] == [(None, f"{name}@other.example")]
        settings.RELAY_URL = ""
        with refused("targets", f"{name}@other.example is elsewhere"):
            changes.create_alias(casa, "sales", [f"{name}@other.example"], actor=admin)

    def test_who_runs_both_names_the_mailbox(self, casa: Domain, other: Domain) -> None:
        both = administrator(casa, other)
        alias = changes.create_alias(casa, "info", ["eva@other.example"], actor=both)
        assert alias.aliases.get().mailbox == Mailbox.objects.get(address_text="eva@other.example")
        with refused("targets", "There is no mailbox nobody@other.example"):
            changes.create_alias(casa, "sales", ["nobody@other.example"], actor=both)

    def test_a_target_that_an_operator_chose_stays_what_it_is(self, casa: Domain, other: Domain, settings) -> None:
        settings.RELAY_URL = ""
        alias = changes.create_alias(casa, "info", ["eva@other.example"], actor=operator())
        changes.change_alias(alias, ["eva@other.example", "ana@casa.example"], actor=administrator(casa))
        assert not Alias.objects.filter(address=alias, mailbox=None).exists()


class TestTaken:
    def test_by_a_mailbox_an_alias_or_one_that_was_deleted(self, casa: Domain, ana: Mailbox) -> None:
        make_alias("info@casa.example", ana)
        for local, sentence in (("ana", "taken by a mailbox"), ("info", "taken by an alias")):
            with refused("local", sentence):
                changes.create_mailbox(casa, local, actor=SHELL)
            with refused("local", sentence):
                changes.create_alias(casa, local, ["ana@casa.example"], actor=SHELL)
        make_mailbox("luis@casa.example")
        with refused("address", "taken by a mailbox"):
            changes.rename_mailbox(ana, "luis@casa.example", actor=SHELL)
        changes.delete_mailbox(ana, actor=SHELL)
        Mailbox.objects.filter(pk=ana.pk).update(state_since="2026-03-01T12:00Z")
        with refused("local", "taken until March 31, 2026 by a mailbox that was deleted"):
            changes.create_mailbox(casa, "ana", actor=SHELL)


class TestCircles:
    """What a mailbox forwards does not come back by a catch-all's alias, or under a sub-address of another kind."""

    def test_by_the_alias_of_a_catch_all(self, casa: Domain, ana: Mailbox) -> None:
        changes.create_alias(casa, "info", ["ana@casa.example"], actor=SHELL)
        changes.set_catch_all(casa, "info@casa.example", actor=SHELL)
        with refused("targets", "it would go round in a circle"):
            changes.choose_forwarding(ana, ["any@casa.example"], keep=True, actor=SHELL)

    def test_by_a_sub_address(self, casa: Domain, ana: Mailbox) -> None:
        changes.change_domain(casa, actor=SHELL, separator="-")
        with refused("targets", "it would go round in a circle"):
            changes.choose_forwarding(ana, ["ana-lists@casa.example"], keep=True, actor=SHELL)
        changes.choose_forwarding(ana, ["ana+lists@casa.example"], keep=True, actor=SHELL)
