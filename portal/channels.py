"""
E-mail with a one-time code, sent beside the request: how long the mail server takes must not tell
a stranger whether somebody was found.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from django.core.mail import send_mail

logger = logging.getLogger(__name__)
_senders: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="portal-mail")


def send_email(*, to: str, subject: str, body: str) -> "Future[None]":
    """Hand the letter over; a failure is logged without its text."""
    return _senders.submit(_send, to=to, subject=subject, body=body)


def _send(*, to: str, subject: str, body: str) -> None:
    try:
        send_mail(subject, body, None, [to])
    except OSError:  # smtplib's errors are OSErrors
        logger.exception("a one-time code could not be sent")
