"""
What is sold apart from plans, to whom, and the words for a refusal.
"""

from collections.abc import Sequence
from datetime import date

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from tariffs.domain.bundles import BundleProblem
from tariffs.domain.deck import PlanPricing
from tariffs.domain.eligibility import Buyer, Conditions, Reason, judge
from tariffs.domain.offers import OfferParts, price_offers
from tariffs.domain.packages import Fit, PackagePricing
from tariffs.models import Allowance, PackageVersion, Plan, PlanVersion
from tariffs.models.offers import Offer
from tariffs.queries.drafts import allowance_value
from tariffs.queries.pricing import load_decks, load_plan_pricing


def conditions_of(version: Offer) -> Conditions:
    """Return whom a version is for, those of its plan included."""
    account_kinds = set(version.account_kinds)
    audience = "all"
    if isinstance(version, PlanVersion):
        audience = version.plan.audience
        if version.plan.account_kind:
            named = {version.plan.account_kind}
            account_kinds = (account_kinds & named or {"none"}) if account_kinds else named
    return Conditions(
        audience=audience,
        customer_kinds=frozenset(version.customer_kinds),
        regions=frozenset(version.regions),
        credit_classes=frozenset(version.credit_classes),
        account_kinds=frozenset(account_kinds),
        whom=version.whom,
    )


def describe_reason(reason: Reason) -> str:
    """Return why something isn't sold to somebody, for people."""
    return {
        Reason.AUDIENCE: _("It is for other customers."),
        Reason.CUSTOMER_KIND: _("It is not for this kind of customer."),
        Reason.REGION: _("It is not sold in the customer's region."),
        Reason.CREDIT_CLASS: _("It is not for the account's credit class."),
        Reason.ACCOUNT_KIND: _("It is not for this kind of account."),
        Reason.ONLY_NEW: _("It is for new subscribers only."),
        Reason.ONLY_EXISTING: _("It is for present subscribers only."),
    }[reason]


def describe_bundle_problem(problem: BundleProblem) -> str:
    """Return what is wrong with a bundle, for people."""
    return {
        BundleProblem.TOO_FEW_PARTS: _("A bundle has two parts or more."),
        BundleProblem.PART_TWICE: _("A part is named twice."),
        BundleProblem.DEARER_THAN_PARTS: _("The bundle costs more than its parts alone."),
        BundleProblem.TWO_DISCOUNTS: _("A part has a discount either in percent or as an amount."),
        BundleProblem.PRICE_AND_DISCOUNTS: _(
            "A bundle has either one price or discounts of its parts."
        ),
    }[problem]


def fit_of(version: PackageVersion) -> Fit:
    """Return what a package version can be added to."""
    plan_ids = frozenset(row.plan_id for row in version.package_plans.all())
    return Fit(frozenset(version.services), plan_ids)


def get_package_version(version_id: int) -> PackageVersion:
    """Return a version with its package, plans and allowances; PackageVersion.DoesNotExist."""
    return _package_versions().get(pk=version_id)


def _package_versions() -> QuerySet[PackageVersion]:
    rows = PackageVersion.objects.select_related("package")
    return rows.prefetch_related("package_plans", "allowances")


def list_packages_on_sale(
    *, on: date, plan: Plan | None = None, buyer: Buyer | None = None
) -> list[PackageVersion]:
    """Return the latest version on sale of each package, cheapest first: for a plan, for a buyer."""
    versions = (
        _package_versions()
        .filter(published_at__isnull=False, on_sale_from__lte=on, package__is_archived=False)
        .filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on))
        .order_by("package_id", "-number")
        .distinct("package_id")
    )
    found = [
        version
        for version in versions
        if (plan is None or fit_of(version).holds(service=plan.service, plan_id=plan.pk))
        and (buyer is None or not judge(conditions_of(version), buyer=buyer))
    ]
    return sorted(found, key=lambda version: (version.fee, version.package.code))


def load_package_pricing() -> list[PackagePricing]:
    """Return what every published package version includes, for the rating core."""
    versions = PackageVersion.objects.filter(published_at__isnull=False).order_by("id")
    return [
        PackagePricing(version.pk, tuple(allowance_value(row) for row in version.allowances.all()))
        for version in versions.prefetch_related(
            Prefetch("allowances", queryset=Allowance.objects.order_by("id"))
        )
    ]


def load_offer_pricing(
    offers: Sequence[OfferParts], *, on_or_after: date | None = None
) -> list[PlanPricing]:
    """Return what prices usage on every plan version, and on offers that are more than one."""
    decks = load_decks(on_or_after=on_or_after)
    plans = load_plan_pricing(decks=decks)
    if not offers:
        return plans
    return plans + price_offers(offers, plans=plans, packages=load_package_pricing(), decks=decks)
