"""Members of staff by role, signed in to the CRM."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from billing_project.sessions import CRM_COOKIE
from tests import people

StaffClient = Callable[[str], Client]


def staff(role: str, password: str | None = None) -> User:
    """The member of staff with that role, made once; hashing a password takes its time."""
    user = User.objects.filter(login=role).first()
    if user is None:
        user = User.objects.create_user(
            role, password, kind=User.Kind.STAFF, full_name=f"{role} Петрова"
        )
        user.groups.add(Group.objects.get(name=role))
    return user


def signed_in(user: User, backend: str = "crm.auth.StaffBackend") -> Client:
    """A browser with the user's session under the CRM's own cookie."""
    client = Client(headers={"accept-language": "ru"})
    client.force_login(user, backend=backend)
    client.cookies[CRM_COOKIE] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return client


@pytest.fixture
def as_role(db: None) -> StaffClient:
    """A browser signed in as that role; the operator is set up."""
    people.ladoga()
    cache.set("crm:is_set_up", True)
    return lambda role: signed_in(staff(role))
