"""WSGI entry of the `net` process."""

import os

from django.core.wsgi import get_wsgi_application

# Not setdefault: the environment names the settings of `web`.
os.environ["DJANGO_SETTINGS_MODULE"] = "billing_project.net_settings"

application = get_wsgi_application()
