"""
Consents to what recurs: who agreed to what, at which price, on whose word, through which door.
"""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.domain import consents
from accounts.models.contracts import Account
from accounts.models.services import Subscription


class Consent(models.Model):
    """
    One agreement to a charge. It is never changed, only withdrawn: an agreement at another price is
    another consent.

    `object_id` is what was agreed to: the plan, package or bundle version, the rule of autopay, the
    pause. `text_version` says which words were read (`accounts.domain.consents`).
    """

    class What(models.TextChoices):
        PLAN = "plan", _("plan")
        PACKAGE = "package", _("package")
        BUNDLE = "bundle", _("bundle")
        PAUSE = "pause", _("pause of a service")
        AUTOPAY = "autopay", _("autopay")

    class Per(models.TextChoices):
        MONTH = "month", _("per month")
        DAY = "day", _("per day")
        ONCE = "once", _("once")
        TIME = "time", _("each time")

    class Door(models.TextChoices):
        PORTAL = "portal", _("self-service account")
        CRM = "crm", _("an agent")
        CONTRACT = "contract", _("the contract")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="consents")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, related_name="consents"
    )
    what = models.CharField(_("what"), max_length=12, choices=What)
    object_id = models.BigIntegerField()
    amount = models.DecimalField(_("price"), max_digits=14, decimal_places=2, null=True)
    per = models.CharField(_("charged"), max_length=8, choices=Per, default=Per.MONTH)
    terms = models.JSONField(_("as it was shown"), default=dict)
    text_version = models.PositiveSmallIntegerField(default=consents.LATEST)
    door = models.CharField(_("through"), max_length=12, choices=Door)
    given_at = models.DateTimeField(_("given at"))
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.CharField(max_length=60, blank=True, default="")
    withdrawn_on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    withdraw_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "what", "subscription", "object_id"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="consent_one_in_force",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True)
                | models.Q(withdrawn_at__gte=F("given_at")),
                name="consent_withdrawn_after_given",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gte=0),
                name="consent_price_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["account", "-given_at"], name="consent_of_account")]

    def __str__(self) -> str:
        return f"consent {self.pk} to {self.what} {self.object_id}"

    @property
    def is_in_force(self) -> bool:
        """Whether it wasn't withdrawn."""
        return self.withdrawn_at is None
