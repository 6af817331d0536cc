"""Addresses of the `net` process: the doors that the network knocks at."""

from django.urls import path

from billing_project import health
from rating.api import charging

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", health.metrics),
    *(path(f"net/charging/{verb}", charging.ask, {"verb": verb}) for verb in charging.VERBS),
]

# The pages' own error pages lead back into pages; machines get a word.
handler404 = health.not_found
handler500 = health.failed
