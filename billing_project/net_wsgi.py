"""WSGI entry of the `net` process."""

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

# Not setdefault: the environment names the settings of `web`.
os.environ["DJANGO_SETTINGS_MODULE"] = "billing_project.net_settings"

_django = get_wsgi_application()

# Needs the settings.
from rating.api import charging  # noqa: E402

charging.prepare()
# What is loaded stays: looked through for garbage it would hold up requests by a tenth of a second.
gc.collect()
gc.freeze()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer online charging without the framework's handling of requests, all else with it."""
    if environ["PATH_INFO"].startswith(charging.PREFIX):
        return charging.serve(environ, start_response)
    answer: Iterable[bytes] = _django(environ, start_response)
    return answer
