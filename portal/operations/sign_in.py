"""
Signing in with a password or a one-time code, and passwords.

Unknown people get the same answers, and the same work is done for them.
"""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from billing_project.kernel.operations import record_event
from portal import channels
from portal.domain import codes
from portal.domain.limits import CODE_LIFE, CODES, FAILURES, TRIES_PER_CODE
from portal.domain.subjects import Subject, read_subject
from portal.models import OneTimeCode
from portal.operations import attempts
from portal.queries import people

TRIES: Final = ("password", "code")
ASKS: Final = ("ask",)
OLD: Final = ("old",)


class UnableToSignIn(Exception):
    """The number with the password or code is not right; never says which."""


class UnableToSetPassword(Exception):
    """The new password is too weak, or the old one is wrong; `args` are messages."""


def sign_in_with_password(*, text: str, password: str, address: str, now: datetime) -> User:
    """Return the subscriber, or raise UnableToSignIn or UnableToTryAgain."""
    subject = read_subject(text)
    attempts.admit(doors=TRIES, limit=FAILURES, subject=subject.key, address=address, now=now)
    user = _whose_password(subject, password=password, now=now)
    _conclude("password", subject=subject, address=address, user=user, now=now)
    if user is None:
        raise UnableToSignIn(_("The number and the password don't match. Check both."))
    return user


def ask_for_code(*, text: str, address: str, now: datetime) -> None:
    """Send a code to the e-mail of whoever the subject is; for unknown people do nothing."""
    subject = read_subject(text)
    attempts.admit(doors=ASKS, limit=CODES, subject=subject.key, address=address, now=now)
    attempts.record(door="ask", subject=subject.key, address=address, succeeded=False, now=now)
    person = _sure_person(subject, now=now)
    if person is None or not person.email:
        return
    code = codes.new_code()
    with transaction.atomic():
        OneTimeCode.objects.create(
            customer_id=person.customer_id,
            code_hash=_hash(code, person.customer_id),
            sent_to=person.email,
            created_at=now,
            expires_at=now + CODE_LIFE,
        )
        subject_line, body = _code_letter(code, language=person.language)
        transaction.on_commit(
            lambda: channels.send_email(to=person.email, subject=subject_line, body=body),
            robust=True,
        )


def sign_in_with_code(*, text: str, code: str, address: str, now: datetime) -> User:
    """Return the subscriber, creating the log-in if there was none; the code is used up."""
    subject = read_subject(text)
    attempts.admit(doors=TRIES, limit=FAILURES, subject=subject.key, address=address, now=now)
    person = _sure_person(subject, now=now)
    user = None
    if person is not None and _use_code(person.customer_id, code=code, now=now):
        user = _ensure_user(person.customer_id)
    _conclude("code", subject=subject, address=address, user=user, now=now)
    if user is None:
        raise UnableToSignIn(_("The code is not right or too old. Check it or ask for a new one."))
    return user


def set_password(*, user: User, old: str | None, new: str, now: datetime) -> None:
    """
    Set a new password; `old` is checked unless None (signed in with a code just now).

    Raises UnableToSetPassword with what is wrong and what would be right, or UnableToTryAgain.
    """
    if old is not None and user.has_usable_password():
        _check_old(user, old, now=now)
    try:
        validate_password(new, user)
    except ValidationError as refusal:
        raise UnableToSetPassword(*refusal.messages) from refusal
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        record_event(
            kind="password.changed",
            account_id=0,
            customer_id=user.customer_id,
            subscription_id=None,
            happened_at=now,
            actor=user.actor,
            on_behalf_of="",
            data={},
        )


def _check_old(user: User, old: str, *, now: datetime) -> None:
    """Let who found a screen left open guess as seldom as who stands at the door."""
    attempts.admit(doors=OLD, limit=FAILURES, subject=user.actor, address="", now=now)
    is_right = user.check_password(old)
    attempts.record(door="old", subject=user.actor, address="", succeeded=is_right, now=now)
    if not is_right:
        raise UnableToSetPassword(_("The present password is not right."))
    attempts.forgive(doors=OLD, subject=user.actor, address="")


def _whose_password(subject: Subject, *, password: str, now: datetime) -> User | None:
    persons = people.list_people(subject, now=now)
    users = people.list_users([person.customer_id for person in persons])
    for user in users:
        if user.check_password(password):
            return user
    if not users:
        make_password(password)  # as slow as a check, so that time does not tell who exists
    return None


def _sure_person(subject: Subject, *, now: datetime) -> people.Person | None:
    found = people.list_people(subject, now=now)
    return found[0] if found and found[0].is_sure else None


def _use_code(customer_id: int, *, code: str, now: datetime) -> bool:
    """Use the code up in one guarded update: of two tries with the same code one succeeds."""
    sent = people.find_open_code(customer_id, now=now)
    if sent is None:
        return False
    usable = OneTimeCode.objects.filter(
        pk=sent.pk, used_at__isnull=True, attempts__lt=TRIES_PER_CODE
    )
    if codes.is_code(
        code, stored=sent.code_hash, customer_id=customer_id, secret=settings.SECRET_KEY
    ):
        return usable.update(used_at=now) == 1
    usable.update(attempts=F("attempts") + 1)
    return False


def _ensure_user(customer_id: int) -> User | None:
    """Return the log-in of the customer, new if need be; None if it may not sign in."""
    user, _created = User.objects.get_or_create(
        customer_id=customer_id,
        kind=User.Kind.SUBSCRIBER,
        defaults={"login": f"c{customer_id}", "password": make_password(None)},
    )
    return user if user.is_active else None


def _conclude(
    door: str, *, subject: Subject, address: str, user: User | None, now: datetime
) -> None:
    is_in = user is not None
    attempts.record(door=door, subject=subject.key, address=address, succeeded=is_in, now=now)
    if is_in:
        attempts.forgive(doors=TRIES, subject=subject.key, address=address)


def _hash(code: str, customer_id: int) -> str:
    return codes.code_hash(code, customer_id=customer_id, secret=settings.SECRET_KEY)


def _code_letter(code: str, *, language: str) -> tuple[str, str]:
    with override(language):
        body = _(
            "Your code to sign in: %(code)s\n\nIt works once, for 10 minutes. If it wasn't you who "
            "asked, do nothing: without the code nobody gets in. Tell it to nobody, us included."
        )
        return _("Code to sign in"), body % {"code": code}
