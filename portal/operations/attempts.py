"""
Rate limits of signing in: a counter in the cache that no race gets past, and the rows of
`SignInAttempt`, which outlive the cache.
"""

import logging
from datetime import datetime

from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from portal.domain.limits import WINDOW, Limit, is_too_often
from portal.models import SignInAttempt
from portal.queries.people import count_tries

logger = logging.getLogger(__name__)


class UnableToTryAgain(Exception):
    """Too many tries by this subject or from this address; says when it is possible again."""


def admit(
    *, doors: tuple[str, ...], limit: Limit, subject: str, address: str, now: datetime
) -> None:
    """Count a try; raise UnableToTryAgain if it is one too many."""
    by_subject, by_address = count_tries(
        doors=doors, subject=subject, address=address, since=now - WINDOW
    )
    by_subject = max(by_subject, _counted(doors, subject) - 1)
    by_address = max(by_address, _counted(doors, address) - 1 if address else 0)
    if is_too_often(limit, by_subject=by_subject, by_address=by_address):
        minutes = int(WINDOW.total_seconds() // 60)
        message = _("Too many tries. Wait %(minutes)s minutes and try again, or call us.")
        raise UnableToTryAgain(message % {"minutes": minutes})


def record(*, door: str, subject: str, address: str, succeeded: bool, now: datetime) -> None:
    """Write the try down; success forgives the earlier failures of the subject in the cache."""
    SignInAttempt.objects.create(
        door=door, subject=subject, address=address or None, succeeded=succeeded, tried_at=now
    )


def forgive(*, doors: tuple[str, ...], subject: str, address: str) -> None:
    """After success: the subject starts anew, and the address is not charged for it."""
    try:
        cache.delete(_key(doors, subject))
        if address:
            cache.decr(_key(doors, address))
    except (RedisError, ValueError):
        logger.warning("sign-in counters were not reset")


def _counted(doors: tuple[str, ...], who: str) -> int:
    """Count this try and return the number of tries in the window, this one included."""
    try:
        cache.add(_key(doors, who), 0, timeout=int(WINDOW.total_seconds()))
        return int(cache.incr(_key(doors, who)))
    except (RedisError, ValueError):
        # Without the cache the rows still limit, only a race of simultaneous tries gets through.
        logger.warning("sign-in counters are not available")
        return 1


def _key(doors: tuple[str, ...], who: str) -> str:
    return f"portal:tries:{doors[0]}:{who}".replace(" ", "_")
