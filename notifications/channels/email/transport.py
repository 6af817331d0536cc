"""
E-mail: one connection for many letters, and exact knowledge of how each ended.

Until the letter's data are on their way a lost connection means "certainly not delivered". After
that, without an answer, nobody knows: such a letter is never sent again by itself.
"""

import smtplib
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from notifications.domain.delivery import Fault, Letter, TransportError, judge_reply

KEY_HEADER: Final = "X-Retel-Message"


class EmailTransport:
    """Sends letters over one SMTP connection, opened when the first comes."""

    is_noop = False

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None
        self._is_on_its_way = False

    @staticmethod
    def is_set_up() -> bool:
        """An installation without a mail server sends no mail."""
        return bool(settings.EMAIL_HOST)

    def send(self, letter: Letter) -> None:
        """Send one letter, or raise TransportError with what is known."""
        connection = self._connection or self._open()
        self._is_on_its_way = False
        try:
            connection.send_messages([build_message(letter)])
        except smtplib.SMTPRecipientsRefused as refusal:
            self._reset()
            code, text = next(iter(refusal.recipients.values()))
            raise TransportError(_words(code, text), fault=judge_reply(code)) from refusal
        except smtplib.SMTPResponseException as reply:
            self._reset()
            fault = judge_reply(reply.smtp_code)
            raise TransportError(_words(reply.smtp_code, reply.smtp_error), fault=fault) from reply
        except (smtplib.SMTPException, OSError) as failure:
            self._reset()
            fault = Fault.UNKNOWN if self._is_on_its_way else Fault.PASSING
            raise TransportError(f"{type(failure).__name__}: {failure}", fault=fault) from failure

    def close(self) -> None:
        """Say goodbye to the server."""
        self._reset()

    def _open(self) -> BaseEmailBackend:
        connection = get_connection()
        try:
            connection.open()
        except (smtplib.SMTPException, OSError) as failure:
            words = f"{type(failure).__name__}: {failure}"
            raise TransportError(words, fault=Fault.CHANNEL_DOWN) from failure
        self._watch_data(connection)
        self._connection = connection
        return connection

    def _watch_data(self, connection: BaseEmailBackend) -> None:
        """Note when a letter's data begin to leave: from then on silence is not a refusal."""
        server: Any = getattr(connection, "connection", None)
        if not isinstance(server, smtplib.SMTP):
            return
        send_data = server.data

        def data(message: Any) -> Any:
            self._is_on_its_way = True
            return send_data(message)

        server.data = data  # type: ignore[method-assign,assignment]

    def _reset(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except (smtplib.SMTPException, OSError):
            # The server is gone already; there is nobody to say goodbye to.
            return


def build_message(letter: Letter) -> EmailMessage:
    """Return the letter as mail; the same letter always has the same Message-ID."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
    headers = {
        "Message-ID": f"<{letter.key}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.language,
        KEY_HEADER: letter.key,
    }
    return EmailMessage(letter.subject, letter.body, to=[letter.recipient], headers=headers)


def _words(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {said}"
