"""
One-time codes and sign-in attempts of the self-service account.
"""

from django.db import models
from django.db.models.functions import Now


class OneTimeCode(models.Model):
    """A six-digit code to sign in with, stored hashed; works once, for some minutes."""

    customer_id = models.BigIntegerField()
    code_hash = models.CharField(max_length=128)
    sent_to = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["customer_id", "-id"], name="onetimecode_customer")]

    def __str__(self) -> str:
        return f"code of {self.customer_id}"


class SignInAttempt(models.Model):
    """One try to sign in, for rate limits that outlive a restart of the cache, and for the audit."""

    door = models.CharField(max_length=8)
    subject = models.CharField(max_length=80)
    address = models.GenericIPAddressField(null=True)
    succeeded = models.BooleanField()
    tried_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-tried_at"], name="signin_subject"),
            models.Index(fields=["address", "-tried_at"], name="signin_address"),
        ]

    def __str__(self) -> str:
        return f"{self.door} {self.subject}"
