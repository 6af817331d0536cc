"""System checks of the installation as a whole."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from accounts.domain.identity import SHORTEST_KEY

DEVELOPMENT_KEY = "insecure-development-key"


@register(Tags.compatibility)
def check_driver(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Refuse psycopg 3: Django prefers it silently where installed, and our COPY code needs 2."""
    if not is_psycopg3:
        return []
    hint = "Some dependency installed `psycopg`: uninstall it, psycopg2-binary stays."
    return [Error("The database driver must be psycopg2.", hint=hint, id="retel.E001")]


@register(Tags.security, deploy=True)
def check_secret_key(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Refuse the key that everybody can read in the source."""
    if settings.SECRET_KEY != DEVELOPMENT_KEY:
        return []
    return [Error("RETEL_SECRET_KEY is not set.", hint="Make one for this site.", id="retel.E002")]


@register(Tags.security, deploy=True)
def check_network_token(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Refuse an empty token: then the network doors would refuse everybody."""
    if settings.RETEL_NET_TOKEN:
        return []
    hint = "The network's servers send it as `Authorization: Bearer …`."
    return [Error("RETEL_NET_TOKEN is not set.", hint=hint, id="retel.E003")]


@register(Tags.security, deploy=True)
def check_document_keys(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Refuse short keys for identity documents; without any no document can be kept."""
    hint = f"Each is at least {SHORTEST_KEY} characters, by commas, the newest first."
    keys = settings.RETEL_DOCUMENT_KEYS
    if not keys:
        return [Warning("RETEL_DOCUMENT_KEYS is not set.", hint=hint, id="retel.W004")]
    if any(len(key) < SHORTEST_KEY for key in keys):
        return [Error("A key of RETEL_DOCUMENT_KEYS is too short.", hint=hint, id="retel.E004")]
    return []
