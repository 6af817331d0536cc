"""
Network orders: what the network was told, confirmed or not.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Gateway(models.Model):
    """
    A way to the network: `log` notes the order and confirms it, `webhook` posts it as signed JSON.

    The secret is the name of an environment variable, never the secret itself. `services` are the
    services it is for (`["internet"]`); empty = all that no other gateway names.
    """

    class Kind(models.TextChoices):
        LOG = "log", _("log")
        WEBHOOK = "webhook", _("webhook")

    code = models.CharField(_("code"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    url = models.URLField(_("address"), blank=True, default="")
    secret_variable = models.CharField(
        _("environment variable with the secret"), max_length=60, blank=True, default=""
    )
    services = models.JSONField(_("services"), default=list)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")

    def __str__(self) -> str:
        return self.code


class NetworkOrder(models.Model):
    """
    One order for one service: `desired` is the whole state wished (so that orders are idempotent).

    Orders of a service are sent in turn: only its newest order is ever sent, an older one that still
    waits is superseded. The states are those of a queue, moved by guarded updates in
    `provisioning.operations`.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        CONFIRMED = "confirmed", _("confirmed")
        FAILED = "failed", _("failed")
        SUPERSEDED = "superseded", _("superseded")

    # What a person may do; the rest are the moves of a queue.
    MOVES = {State.QUEUED: (State.FAILED,)}

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT)
    action = models.CharField(_("action"), max_length=24)
    desired = models.JSONField(_("desired state"))
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    ordered_at = models.DateTimeField(_("ordered at"))
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=250, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("network order")
        verbose_name_plural = _("network orders")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["queued", "sending", "confirmed", "failed", "superseded"]
                ),
                name="networkorder_state_known",
            ),
            # One order of a service on the wire at a time: the next waits for its answer.
            models.UniqueConstraint(
                fields=["account_id", "subscription_id"],
                condition=models.Q(state="sending"),
                name="networkorder_one_sending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="networkorder_queue",
            ),
            models.Index(fields=["subscription_id", "id"], name="networkorder_of_service"),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}: {self.action}"


class NetworkState(models.Model):
    """What the network last confirmed for a service."""

    subscription_id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()
    confirmed = models.JSONField()
    order_id = models.BigIntegerField()
    confirmed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"network state of {self.subscription_id}"
