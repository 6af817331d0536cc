"""
Who may sign in to the CRM: staff only.
"""

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class StaffBackend(ModelBackend):
    """Password sign-in of staff; the permissions of roles come from Django's groups."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: object,
    ) -> User | None:
        """Return the member of staff, or None."""
        user = super().authenticate(request, username, password, **kwargs)
        return user if isinstance(user, User) and user.is_staff else None

    def get_user(self, user_id: int) -> User | None:
        """Return the member of staff of a session, or None."""
        user = super().get_user(user_id)
        return user if isinstance(user, User) and user.is_staff else None
