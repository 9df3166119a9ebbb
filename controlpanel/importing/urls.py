"""Mailboxes from a file, and back into one."""

from django.urls import path

from controlpanel.importing import views

urlpatterns = [
    path("imports/", views.start, name="imports"),
    path("domains/<str:domain>/import/", views.start, name="domain-import"),
    path("imports/<int:number>/", views.show, name="import"),
    path("imports/<int:number>/confirm/", views.confirm, name="import-confirm"),
    path("imports/<int:number>/discard/", views.discard, name="import-discard"),
    path("imports/<int:number>/faults.csv", views.faults, name="import-faults"),
    path("imports/<int:number>/invitations.csv", views.invitations, name="import-invitations"),
    path("mailboxes/export/", views.export, name="mailboxes-export"),
    path("domains/<str:domain>/export/", views.export, name="domain-export"),
]
