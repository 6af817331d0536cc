"""
Staff: the roles as Django groups, signing in.
"""

from datetime import datetime
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from accounts.models import User
from crm.domain import roles
from crm.models import Desk, StaffSignIn
from crm.queries import staff as staff_queries

#: Wrong tries of one login, and from one address, before the door stays shut for a while.
MOST_TRIES_OF_LOGIN: Final = 5
MOST_TRIES_FROM_ADDRESS: Final = 30


class UnableToSignIn(Exception):
    """The login or password is wrong, or there were too many tries."""


def ensure_reference_data() -> None:
    """Write the rights and the roles that hold them; run again, it changes nothing."""
    content_type = ContentType.objects.get_for_model(Desk)
    rights = {
        codename: Permission.objects.update_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in roles.RIGHTS.items()
    }
    for role, codenames in roles.ROLES.items():
        group, _is_new = Group.objects.get_or_create(name=role)
        group.permissions.set([rights[codename] for codename in codenames])


def sign_in(*, login: str, password: str, address: str | None, now: datetime) -> User:
    """
    Return the member of staff with this login and password.

    The try is written down first, so that tries at one moment count each other.
    """
    tried = StaffSignIn.objects.create(login=login[:80], address=address, tried_at=now)
    wrong = staff_queries.count_wrong_tries(login=login[:80], address=address, now=now)
    if wrong.of_login > MOST_TRIES_OF_LOGIN or wrong.from_address > MOST_TRIES_FROM_ADDRESS:
        message = _("Too many tries. Wait 15 minutes and try again, or ask an administrator.")
        raise UnableToSignIn(message)
    user = authenticate(username=login, password=password)
    if not isinstance(user, User):
        raise UnableToSignIn(_("The login or the password is wrong."))
    StaffSignIn.objects.filter(pk=tried.pk).update(succeeded=True)
    return user
