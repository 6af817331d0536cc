"""
Billed periods, planned plan changes, bills with their lines and numbers.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, LegalEntity, Subscription


class BilledPeriod(models.Model):
    """
    Days of a service that its recurring fee was charged for: a chain, so that no day is billed
    twice or skipped (decision B3; constraints in migrations/sql/billed_periods.sql).

    A credited part is a row of its own in BilledPeriodCredit. `what` is charged: the plan, a package
    (`source_id` = its assignment), a pause (`source_id` = the pause); nothing for days on which plan
    or package rest. `fee` is that of a whole period
    as it was when it was charged, with a company's own and a bundle's share; rows from before it was
    kept here have none, and their fee is looked up. `plan_version_id` 0 = none. A minimum charge
    (chain `m`) is what a cycle was topped up by. A plan that counts seconds has the moments between
    which they were counted, where these aren't midnights.
    """

    class What(models.TextChoices):
        PLAN = "plan", _("plan")
        PACKAGE = "package", _("package")
        PAUSE = "pause", _("pause")
        REST = "rest", _("days of a pause")
        MINIMUM = "minimum", _("minimum charge")

    # Written from these rows, which are never deleted: checking each again costs as much as charging.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, db_constraint=False)
    plan_version_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, default="fee")
    what = models.CharField(max_length=8, choices=What, default=What.PLAN, db_default="plan")
    source_id = models.BigIntegerField(default=0, db_default=0)
    package_version_id = models.BigIntegerField(null=True)
    fee = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    fee_period = models.CharField(max_length=8, null=True)
    proration = models.CharField(max_length=12, null=True)
    period_start = models.DateField()
    period_end = models.DateField()
    previous_end = models.DateField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    charged_on = models.DateField()
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "subscription", "kind", "period_end"],
                name="billedperiod_end_once",
            ),
            models.UniqueConstraint(
                fields=["account", "subscription", "kind", "previous_end"],
                name="billedperiod_previous_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(period_end__gt=models.F("period_start")),
                name="billedperiod_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(previous_end__isnull=True)
                | models.Q(previous_end=models.F("period_start")),
                name="billedperiod_no_gap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} [{self.period_start}, {self.period_end})"


class BilledPeriodCredit(models.Model):
    """
    Unused days of a billed period given back (termination, plan change, pause). Those given back for
    a pause are charged anew from the day on which the service is resumed.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    billed_period = models.ForeignKey(BilledPeriod, on_delete=models.PROTECT)
    period_start = models.DateField()
    period_end = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    credited_on = models.DateField()
    pause_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "billed_period", "period_start"],
                name="billedperiodcredit_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="billedperiodcredit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"credit of {self.billed_period_id}"


class PlanChange(models.Model):
    """
    A change of plan agreed for a moment to come, with the price that was shown (a quote).

    `is_move`: not agreed, but announced by the operator, see `operations.move_to_new_version`.
    `fee` was charged when it was agreed, by the ledger entry (`fee_entry_id`, `fee_on`).
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        EXECUTED = "executed", _("executed")
        CANCELLED = "cancelled", _("cancelled")

    #: New state: the states it may follow (kernel.operations.change_state).
    MOVES = {"executed": ("scheduled",), "cancelled": ("scheduled",)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="plan_changes"
    )
    plan_version_id = models.BigIntegerField()
    effective_on = models.DateField(_("from"))
    quote = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.SCHEDULED)
    requested_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, blank=True, default="")
    is_move = models.BooleanField(_("moved by the operator"), default=False)
    fee = models.DecimalField(_("fee of the move"), max_digits=10, decimal_places=2, default=0)
    fee_entry_id = models.BigIntegerField(null=True)
    fee_on = models.DateField(null=True)
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("plan change")
        verbose_name_plural = _("plan changes")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "subscription"],
                condition=models.Q(state="scheduled"),
                name="planchange_one_scheduled",
            ),
        ]

    def __str__(self) -> str:
        return f"plan change {self.pk}"


class NumberSeries(models.Model):
    """Gapless numbers of one document kind of one legal entity in one year; locked while used."""

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    document = models.CharField(max_length=12, default="bill")
    year = models.PositiveSmallIntegerField()
    prefix = models.CharField(max_length=12, blank=True, default="")
    last = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "document", "year"], name="numberseries_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}{self.year}: {self.last}"


class Bill(models.Model):
    """
    A bill of one closed cycle of one account.

    opening + charges (gross) − payments − adjustments = closing, as debt of the subscriber (positive
    = owes). Lines add up to net, tax and gross.
    """

    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="bills",
        db_constraint=False,
        db_index=False,
    )
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, db_constraint=False)
    number = models.BigIntegerField()
    year = models.PositiveSmallIntegerField()
    number_text = models.CharField(_("number"), max_length=32)
    period_start = models.DateField()
    period_end = models.DateField()
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("pay until"))
    currency = models.CharField(max_length=3, default="RUB")
    opening = models.DecimalField(max_digits=14, decimal_places=2)
    net = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    gross = models.DecimalField(max_digits=14, decimal_places=2)
    payments = models.DecimalField(max_digits=14, decimal_places=2)
    adjustments = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    closing = models.DecimalField(max_digits=14, decimal_places=2)
    #: A void bill of the same cycle, in whose place this one is: what it charges is carried into
    #: the next bill by entries of its own, so it stands outside of the chain of balances.
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "period_start"],
                condition=models.Q(replaces__isnull=True),
                name="bill_once_a_cycle",
            ),
            models.UniqueConstraint(
                fields=["replaces", "account"],
                condition=models.Q(replaces__isnull=False),
                name="bill_replaced_once",
            ),
            models.CheckConstraint(
                condition=models.Q(gross=models.F("net") + models.F("tax")),
                name="bill_net_and_tax_make_gross",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    closing=models.F("opening")
                    + models.F("gross")
                    - models.F("payments")
                    - models.F("adjustments")
                ),
                name="bill_carries_its_balance",
            ),
        ]
        indexes = [models.Index(fields=["account", "-period_start"], name="bill_of_account")]

    def __str__(self) -> str:
        return self.number_text


class BillNumber(models.Model):
    """Registry: a number of a legal entity's series belongs to one bill."""

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    document = models.CharField(max_length=12, default="bill")
    year = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    account_id = models.BigIntegerField()
    bill = models.OneToOneField(Bill, on_delete=models.PROTECT, db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "document", "year", "number"], name="billnumber_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}/{self.number}"


class BillLine(models.Model):
    """
    One line: recurring fee, usage of a zone, one-off. `title` per language is in `explanation`.

    `kind`: fee, usage, one_off, adjustment. `quantity` in `unit` (second, message, byte, day).
    """

    # Written with its bill, which is never deleted; an invariant looks whether it is there.
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    account_id = models.BigIntegerField()
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    subscription_id = models.BigIntegerField(null=True)
    title_ru = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    quantity = models.BigIntegerField(default=0)
    count = models.IntegerField(default=0)
    unit = models.CharField(max_length=12, blank=True, default="")
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    net = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    gross = models.DecimalField(max_digits=14, decimal_places=2)
    explanation = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "position", "account_id"], name="billline_once"
            ),
            models.CheckConstraint(
                condition=models.Q(gross=models.F("net") + models.F("tax")),
                name="billline_net_and_tax_make_gross",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill_id}/{self.position}"


class BilledEntry(models.Model):
    """This ledger entry is on that bill; an entry without a row here is unbilled (decision A6)."""

    account_id = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id", "entry_id"], name="billedentry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} on {self.bill_id}"
