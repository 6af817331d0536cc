"""Addresses of the `net` process: the doors that the network knocks at."""

from django.urls import path

from billing_project import health

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", health.metrics),
]

# The pages' own error pages lead back into pages; machines get a word.
handler404 = health.not_found
handler500 = health.failed
