"""Addresses of the `net` process: the doors that the network knocks at."""

from django.urls import path

from billing_project import health

urlpatterns = [
    path("health", health.health),
    path("ready", health.ready),
    path("metrics", health.metrics),
]
