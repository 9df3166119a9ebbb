"""What happened: to a mailbox's mail, and who changed what."""

from django.urls import path

from controlpanel.activity.views import changes, dialogues, held, messages, reading, sessions, tracing

urlpatterns = [
    path("activity/", changes.every, name="activity"),
    path("domains/<str:domain>/activity/", changes.of_domain, name="domain-activity"),
    path("activity/export/", changes.export_every, name="activity-export"),
    path("domains/<str:domain>/activity/export/", changes.export_of_domain, name="domain-activity-export"),
    path("mail/<int:mailbox>/", messages.home, name="mailbox-home"),
    path("mail/<int:mailbox>/removed/", messages.removed, name="mailbox-removed"),
    path("mail/<int:mailbox>/held/", held.of_mailbox, name="mailbox-held"),
    path("mail/<int:mailbox>/held/act/", held.act, name="held-act"),
    path("mail/<int:mailbox>/messages/", messages.act, name="messages-act"),
    path("mail/<int:mailbox>/messages/<int:message>/", reading.show, name="message"),
    path("mail/<int:mailbox>/messages/<int:message>/eml/", reading.download, name="message-eml"),
    path("mail/<int:mailbox>/dialogues/", dialogues.every, name="dialogues"),
    path("mail/<int:mailbox>/dialogues/switch/", dialogues.switch, name="dialogues-switch"),
    path("mail/<int:mailbox>/dialogues/<int:dialogue>/", dialogues.one, name="dialogue"),
    path("mail/<int:mailbox>/dialogues/<int:dialogue>/text/", dialogues.text, name="dialogue-text"),
    path("mail/<int:mailbox>/find/", tracing.find, name="mailbox-find"),
    path("mailboxes/<int:mailbox>/trace/", tracing.trace, name="mailbox-trace"),
    path("mail/<int:mailbox>/sessions/", sessions.of_mailbox, name="mailbox-sessions"),
    path("mail/<int:mailbox>/sessions/<int:session>/end/", sessions.end, name="session-end"),
]
