"""Domains, mailboxes, aliases and device passwords."""

from django.urls import path

from controlpanel.mailboxes.views import (
    aliases,
    devices,
    domains,
    handing_over,
    listed,
    mailboxes,
    moving,
    passwords,
    several,
    sign_in_help,
    states,
)

urlpatterns = [
    path("domains/", domains.every, name="domains"),
    path("domains/new/", domains.create, name="domain-new"),
    path("domains/<str:domain>/", domains.show, name="domain"),
    path("domains/<str:domain>/edit/", domains.edit, name="domain-edit"),
    path("domains/<str:domain>/suspend/", states.step_domain, {"step": "suspend"}, name="domain-suspend"),
    path("domains/<str:domain>/close/", states.step_domain, {"step": "close"}, name="domain-close"),
    path("domains/<str:domain>/reopen/", states.reopen_domain, name="domain-reopen"),
    path("domains/<str:domain>/delete/", states.delete_domain, name="domain-delete"),
    path("domains/<str:domain>/undelete/", states.undelete_domain, name="domain-undelete"),
    path("domains/<str:domain>/administrators/new/", domains.appoint, name="domain-appoint"),
    path("domains/<str:domain>/administrators/<int:user>/dismiss/", domains.dismiss, name="domain-dismiss"),
    path("domains/<str:domain>/mailboxes/", mailboxes.of_domain, name="domain-mailboxes"),
    path("domains/<str:domain>/mailboxes/new/", mailboxes.create, name="mailbox-new"),
    path("domains/<str:domain>/mailboxes/list/", listed.create, name="mailboxes-list"),
    path("domains/<str:domain>/aliases/", aliases.of_domain, name="domain-aliases"),
    path("domains/<str:domain>/aliases/new/", aliases.create, name="alias-new"),
    path("mailboxes/", mailboxes.every, name="mailboxes"),
    path("mailboxes/selected/", several.act, name="mailboxes-selected"),
    path("mailboxes/<int:mailbox>/", mailboxes.show, name="mailbox"),
    path("mailboxes/<int:mailbox>/edit/", mailboxes.edit, name="mailbox-edit"),
    path("mailboxes/<int:mailbox>/password/", passwords.set_password, name="mailbox-password"),
    path("mailboxes/<int:mailbox>/suspend/", states.step_mailbox, {"step": "suspend"}, name="mailbox-suspend"),
    path("mailboxes/<int:mailbox>/close/", states.step_mailbox, {"step": "close"}, name="mailbox-close"),
    path("mailboxes/<int:mailbox>/rename/", moving.rename, name="mailbox-rename"),
    path("mailboxes/<int:mailbox>/hand-over/", handing_over.hand_over, name="mailbox-hand-over"),
    path("mailboxes/<int:mailbox>/access/new/", moving.grant, name="access-new"),
    path("mailboxes/<int:mailbox>/access/<int:access>/revoke/", moving.revoke, name="access-revoke"),
    path("mailboxes/<int:mailbox>/invite/", sign_in_help.invite, name="mailbox-invite"),
    path(
        "mailboxes/<int:mailbox>/reset-second-factor/", sign_in_help.reset_second_factor, name="mailbox-second-factor"
    ),
    path("mailboxes/<int:mailbox>/reopen/", states.reopen_mailbox, name="mailbox-reopen"),
    path("mailboxes/<int:mailbox>/delete/", states.delete_mailbox, name="mailbox-delete"),
    path("mailboxes/<int:mailbox>/undelete/", states.undelete_mailbox, name="mailbox-undelete"),
    path("aliases/<int:address>/", aliases.edit, name="alias"),
    path("aliases/<int:address>/delete/", aliases.delete, name="alias-delete"),
    path("mail/<int:mailbox>/devices/", devices.own, name="mailbox-devices"),
    path("mail/<int:mailbox>/devices/<int:device>/revoke/", devices.revoke, name="device-revoke"),
]
