"""What happened: to a mailbox's mail, and who changed what."""

from django.urls import path

from controlpanel.activity.views import changes, home

urlpatterns = [
    path("activity/", changes.every, name="activity"),
    path("domains/<str:domain>/activity/", changes.of_domain, name="domain-activity"),
    path("mail/<int:mailbox>/", home.show, name="mailbox-home"),
]
