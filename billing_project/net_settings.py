"""Settings of the thin `net` process: the same installation without sessions, pages and their middleware."""

from billing_project.settings import *  # noqa: F403 - everything not named here is the same

ROOT_URLCONF = "billing_project.net_urls"
WSGI_APPLICATION = "billing_project.net_wsgi.application"
MIDDLEWARE = ["billing_project.logs.follow_requests", "billing_project.net_token.require_token"]
# A few threads, each with a connection it keeps: connecting costs more than the answer.
DATABASES["default"]["CONN_MAX_AGE"] = None  # noqa: F405
# It looks rows up by their keys. Plans are kept as long as a connection: one made while a table was
# empty would read all of it when it has grown, until somebody counts its rows.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (  # noqa: F405
    "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c jit=off"
)
