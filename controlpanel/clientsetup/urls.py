"""Setting up mail clients."""

from django.urls import path

from controlpanel.clientsetup import views

urlpatterns = [path("mail/<int:mailbox>/setup/", views.show, name="mailbox-setup")]
