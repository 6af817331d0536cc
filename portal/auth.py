"""
Who may sign in to the self-service account: subscribers only.
"""

from django.contrib.auth.backends import BaseBackend

from accounts.models import User


class SubscriberBackend(BaseBackend):
    """Keeps a subscriber signed in; the views check password or one-time code themselves."""

    def get_user(self, user_id: int) -> User | None:
        """Return the subscriber of a session, or None."""
        return User.objects.filter(pk=user_id, kind=User.Kind.SUBSCRIBER, is_active=True).first()
