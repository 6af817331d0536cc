"""
How customers belong together: units of a company, people of a household.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.domain.households import Role
from accounts.models.customers import Customer


class CompanyUnit(models.Model):
    """
    A branch or department: a customer of its own beneath its parent, in the tree of one company.

    `company` is the root, which signs contracts; changes of one tree take turns at its row.
    """

    class Kind(models.TextChoices):
        BRANCH = "branch", _("branch")
        DEPARTMENT = "department", _("department")

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="unit")
    parent = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="child_units")
    company = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="units")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    cost_centre = models.CharField(_("cost centre"), max_length=40, blank=True, default="")
    is_billed_apart = models.BooleanField(_("billed apart"), default=False)

    class Meta:
        verbose_name = _("unit of a company")
        verbose_name_plural = _("units of companies")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(customer=models.F("parent"))
                & ~models.Q(customer=models.F("company")),
                name="companyunit_beneath_another",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["branch", "department"]),
                name="companyunit_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} of {self.company_id}"


class HouseholdMember(models.Model):
    """A person in a household in a role, from a moment on; a new role is a new row."""

    ROLES = (
        (Role.OWNER.value, pgettext_lazy("household", "owner")),
        (Role.PAYER.value, pgettext_lazy("household", "payer")),
        (Role.USER.value, pgettext_lazy("household", "user")),
        (Role.CHILD.value, pgettext_lazy("household", "child")),
    )

    household = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="members")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=8, choices=ROLES)
    joined_at = models.DateTimeField(_("since"))
    left_at = models.DateTimeField(_("until"), null=True)
    actor = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("member of a household")
        verbose_name_plural = _("members of households")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(left_at__isnull=True),
                name="householdmember_one_household",
            ),
            models.UniqueConstraint(
                fields=["household", "role"],
                condition=models.Q(left_at__isnull=True, role__in=["owner", "payer"]),
                name="householdmember_one_owner_one_payer",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[str(role) for role in Role]),
                name="householdmember_role_known",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True)
                | models.Q(left_at__gte=models.F("joined_at")),
                name="householdmember_left_after_joined",
            ),
            models.CheckConstraint(
                condition=~models.Q(household=models.F("person")),
                name="householdmember_another_customer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["household"],
                condition=models.Q(left_at__isnull=True),
                name="householdmember_living",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.household_id}"
