"""
Django settings, one file; everything that differs between installations comes from the environment.

Without DATABASE_URL and REDIS_URL the embedded services started by the launcher are used
(`make services`, `make demo`); see `billing_project.launcher.running`.
"""

import os
from pathlib import Path

import django_stubs_ext
import environ
from django.utils.translation import gettext_lazy as _

from billing_project.launcher import running

# Lets Django's generic classes be written with their model, as the type checker wants them.
django_stubs_ext.monkeypatch()

# Files are parsed side by side, each by one thread of polars, which reads this when it is imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("RETEL_DEBUG", default=False)
# The development key is refused by the deployment check, see billing_project.checks.
SECRET_KEY = env.str("RETEL_SECRET_KEY", default="insecure-development-key")
# Cards are known by hashes with this key: another key, and no card sold so far is good any more.
VOUCHER_KEY = env.str("RETEL_VOUCHER_KEY", default="") or SECRET_KEY
# Seal identity documents: the first one seals, the others still open (docs/install.md).
RETEL_DOCUMENT_KEYS = env.list("RETEL_DOCUMENT_KEYS", default=[])
# Shared with the operator's own servers (RADIUS, switches); empty: the network doors stay shut.
RETEL_NET_TOKEN = env.str("RETEL_NET_TOKEN", default="")
# Shared with Prometheus; empty: /metrics is not there.
RETEL_METRICS_TOKEN = env.str("RETEL_METRICS_TOKEN", default="")
ALLOWED_HOSTS = env.list("RETEL_ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("RETEL_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "bootstrap",
    "django_htmx",
    "django_fsm",
    "rest_framework",
    "billing_project.kernel",
    "tariffs",
    "accounts",
    "provisioning",
    "rating",
    "invoicing",
    "dunning",
    "notifications",
    "crm",
    "portal",
    "migration_tools",
    "billing_project",
]

MIDDLEWARE = [
    "billing_project.logs.follow_requests",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "billing_project.pages.set_content_policy",
    "billing_project.pages.refuse_nul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "billing_project.sessions.DoorSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "billing_project.urls"
WSGI_APPLICATION = "billing_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": environ.Env.db_url_config(running.database_url())}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("RETEL_CONN_MAX_AGE", default=0)
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = running.redis_url()
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["crm.auth.StaffBackend", "portal.auth.SubscriberBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "portal:sign-in"
LOGIN_REDIRECT_URL = "portal:dashboard"

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
TIME_ZONE = env.str("RETEL_TIME_ZONE", default="Europe/Moscow")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
# Bytes that must outlive a run: usage files as received, PDFs of bills and contracts.
ARCHIVE_DIR = Path(env.str("RETEL_ARCHIVE_DIR", default=str(running.STATE_DIR / "archive")))
#: Where the switches put their files: a folder per source (`manage.py nightly --usage` names another).
USAGE_DIR = Path(env.str("RETEL_USAGE_DIR", default=str(running.STATE_DIR / "usage")))
#: From this hour of the operator's day the schedule closes the day before.
NIGHT_HOUR = env.int("RETEL_NIGHT_HOUR", default=1)
#: A piece of a job whose worker showed no life for so many seconds may be claimed by another.
TAKEOVER_SECONDS = env.int("RETEL_TAKEOVER_SECONDS", default=60)

CELERY_BROKER_URL = REDIS_URL or None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
# Workers log like everybody else (billing_project.logs).
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}

EMAIL_HOST = env.str("RETEL_EMAIL_HOST", default="127.0.0.1")
EMAIL_PORT = env.int("RETEL_EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("RETEL_EMAIL_USER", default="")
EMAIL_HOST_PASSWORD = env.str("RETEL_EMAIL_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("RETEL_EMAIL_TLS", default=False)
EMAIL_TIMEOUT = 10
# Letters into files instead of to a server, for the demo.
EMAIL_FILE_PATH = env.str("RETEL_EMAIL_FOLDER", default="")
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'filebased' if EMAIL_FILE_PATH else 'smtp'}.EmailBackend"
)
DEFAULT_FROM_EMAIL = env.str("RETEL_EMAIL_FROM", default="Ладога Телеком <noreply@ladoga.example>")

# The portal's cookie; the CRM's is in billing_project.sessions (decision B7).
SESSION_COOKIE_NAME = "retel_portal"
# How many reverse proxies of our own stand in front: whose word on the visitor's address counts.
RETEL_PROXIES = env.int("RETEL_PROXIES", default=0)
SECURE = env.bool("RETEL_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
X_FRAME_OPTIONS = "DENY"

# The catalogue inside the CRM, in the colours of the agents' screens.
UNFOLD = {
    "SITE_TITLE": "Retel",
    "SITE_HEADER": "Retel",
    "SITE_SUBHEADER": _("Catalogue"),
    "SITE_URL": "/crm/",
    "SITE_SYMBOL": "menu_book",
    "SHOW_HISTORY": False,
    "SIDEBAR": {"show_search": True},
    "COLORS": {
        "primary": {
            "50": "#e6f1ef",
            "100": "#cde4e0",
            "200": "#9fcbc4",
            "300": "#6fb0a7",
            "400": "#3f948a",
            "500": "#1c7f74",
            "600": "#0b6e63",
            "700": "#084f47",
            "800": "#063d37",
            "900": "#052f2b",
            "950": "#031d1a",
        },
    },
}

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "billing_project.logs.TextFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "billing_project.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if env.bool("RETEL_LOG_JSON", default=False) else "line",
        },
    },
    "root": {"handlers": ["console"], "level": env.str("RETEL_LOG_LEVEL", default="WARNING")},
}
