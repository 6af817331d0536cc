"""Settings of the thin `net` process: the same installation without sessions, pages and their middleware."""

from billing_project.settings import *  # noqa: F403 - everything not named here is the same

ROOT_URLCONF = "billing_project.net_urls"
WSGI_APPLICATION = "billing_project.net_wsgi.application"
MIDDLEWARE = ["billing_project.logs.follow_requests", "billing_project.net_token.require_token"]
# A few threads, each with a connection it keeps: connecting costs more than the answer.
DATABASES["default"]["CONN_MAX_AGE"] = None  # noqa: F405
