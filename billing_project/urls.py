"""Addresses of the `web` process."""

from django.urls import include, path

from accounts.api import acquirers, terminals
from billing_project import health
from crm.admin import site as catalogue

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", health.metrics),
    path("i18n/", include("django.conf.urls.i18n")),
    path("crm/catalogue/", catalogue.urls),
    path("crm/", include("crm.urls")),
    path("terminals/<str:code>/", terminals.ask, name="terminal"),
    path("acquirers/<slug:code>/", acquirers.tell, name="acquirer"),
    path("", include("portal.urls")),
]
