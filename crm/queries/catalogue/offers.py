"""
Packages, bundles and the move matrix as the editor shows them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from crm.queries.catalogue import words
from tariffs.domain.moves import DEFAULT, Rule, Timing, find_rule
from tariffs.models import Allowance, Bundle, BundleVersion, MoveRule, Package, PackageVersion, Plan

#: A matrix of more plans than this isn't readable.
MOST_PLANS: Final = 40


@dataclass(frozen=True, slots=True)
class OfferVersion:
    """A version of a package or bundle: its state, price, what is in it."""

    version: Any
    state: str
    price: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A package or bundle with its versions, the newest first."""

    offer: Any
    versions: tuple[OfferVersion, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What the matrix says of a move; `is_own` = by a rule for just this pair."""

    from_plan: int
    to_plan: int
    text: str
    is_own: bool
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Moves from each plan (rows) to each plan (columns)."""

    plans: tuple[tuple[int, str], ...]
    rows: tuple[tuple[int, str, tuple[Cell | None, ...]], ...]
    general: tuple[tuple[int, str, str], ...]
    left_out: int


def state_of(version: Any, on: date) -> str:
    """Return draft, scheduled, active or closed."""
    if version.published_at is None:
        return "draft"
    if version.closed_on and version.closed_on <= on:
        return "closed"
    return "scheduled" if version.on_sale_from > on else "active"


def list_packages(*, on: date) -> list[OfferRow]:
    """Return all packages, archived ones last."""
    versions = PackageVersion.objects.order_by("-number").prefetch_related(
        Prefetch("allowances", Allowance.objects.order_by("usage_kind", "pk"))
    )
    rows = Package.objects.prefetch_related(Prefetch("versions", versions))
    return [
        OfferRow(row, tuple(_package_version(version, on) for version in row.versions.all()))
        for row in rows.order_by("is_archived", "code")
    ]


def _package_version(version: PackageVersion, on: date) -> OfferVersion:
    lines = tuple(
        (
            f"{words.KINDS[row.usage_kind]}: {words.volume(row)} {row.get_recurrence_display()}",
            row.pk,
        )
        for row in version.allowances.all()
    )
    price = f"{words.price(version.fee)} {version.get_fee_period_display()}"
    return OfferVersion(version, state_of(version, on), price, lines)


def find_package(package_id: int) -> Package | None:
    """Return a package."""
    return Package.objects.filter(pk=package_id).first()


def find_package_version(version_id: int) -> PackageVersion | None:
    """Return a package version with its package."""
    return PackageVersion.objects.filter(pk=version_id).select_related("package").first()


def list_bundles(*, on: date) -> list[OfferRow]:
    """Return all bundles, archived ones last."""
    versions = BundleVersion.objects.order_by("-number").prefetch_related(
        "parts__plan", "parts__package"
    )
    rows = Bundle.objects.prefetch_related(Prefetch("versions", versions))
    return [
        OfferRow(row, tuple(_bundle_version(version, on) for version in row.versions.all()))
        for row in rows.order_by("is_archived", "code")
    ]


def _bundle_version(version: BundleVersion, on: date) -> OfferVersion:
    lines = []
    for part in sorted(version.parts.all(), key=lambda part: part.pk):
        name = words.name_of(part.plan or part.package)
        if part.discount_percent:
            name += f" −{words.figure(part.discount_percent)} %"
        elif part.discount_amount:
            name += f" −{words.price(part.discount_amount)}"
        lines.append((name, part.pk))
    price = words.price(version.price) if version.price is not None else _("by its parts")
    return OfferVersion(version, state_of(version, on), price, tuple(lines))


def find_bundle_version(version_id: int) -> BundleVersion | None:
    """Return a bundle version with its bundle."""
    return BundleVersion.objects.filter(pk=version_id).select_related("bundle").first()


def draw_matrix(service: str) -> Matrix:
    """Return the move matrix of a service's plans; moves between services don't exist."""
    found = list(Plan.objects.filter(service=service, is_archived=False).order_by("code"))
    plans = found[:MOST_PLANS]
    stored = list(MoveRule.objects.select_related("from_plan", "to_plan"))
    rules = [_rule(row) for row in stored]
    own = {(rule.from_plan, rule.to_plan) for rule in rules}
    return Matrix(
        plans=tuple((plan.pk, words.name_of(plan)) for plan in plans),
        rows=tuple(_row(plan, plans, rules=rules, own=own) for plan in plans),
        general=tuple(_general(stored)),
        left_out=len(found) - len(plans),
    )


def _row(
    plan: Plan, plans: Sequence[Plan], *, rules: Sequence[Rule], own: set[tuple[Any, Any]]
) -> tuple[int, str, tuple[Cell | None, ...]]:
    cells = tuple(
        None if to.pk == plan.pk else _cell(plan.pk, to.pk, rules=rules, own=own) for to in plans
    )
    return plan.pk, words.name_of(plan), cells


def _cell(
    from_plan: int, to_plan: int, *, rules: Sequence[Rule], own: set[tuple[Any, Any]]
) -> Cell:
    rule = find_rule(rules, from_plan=from_plan, to_plan=to_plan)
    return Cell(
        from_plan=from_plan,
        to_plan=to_plan,
        text=describe_rule(rule),
        is_own=(from_plan, to_plan) in own,
        is_allowed=rule.is_allowed,
    )


def _rule(row: MoveRule) -> Rule:
    return Rule(
        from_plan=row.from_plan_id,
        to_plan=row.to_plan_id,
        is_allowed=row.is_allowed,
        fee_up=row.fee_up,
        fee_down=row.fee_down,
        timing=Timing(row.timing),
        on_date=row.on_date,
        min_days=row.min_days,
    )


def _general(stored: Iterable[MoveRule]) -> Iterable[tuple[int, str, str]]:
    """Rules with an empty side, which many cells come from."""
    for row in stored:
        if row.from_plan_id is None or row.to_plan_id is None:
            before = words.name_of(row.from_plan) if row.from_plan else _("any plan")
            after = words.name_of(row.to_plan) if row.to_plan else _("any plan")
            yield row.pk, f"{before} → {after}", describe_rule(_rule(row))


def describe_rule(rule: Rule) -> str:
    """Return a rule in a few words."""
    if not rule.is_allowed:
        return _("not allowed")
    if rule.fee_up or rule.fee_down:
        values = {"up": words.price(rule.fee_up), "down": words.price(rule.fee_down)}
        text = _("▲ %(up)s, ▼ %(down)s") % values
    else:
        text = _("free of charge")
    if rule.timing is Timing.NOW:
        text += ", " + _("at once")
    elif rule.timing is Timing.ON_DATE and rule.on_date:
        text += f", {rule.on_date:%d.%m.%Y}"
    if rule.min_days:
        text += ", " + _("after %(days)s days") % {"days": rule.min_days}
    return text


def default_words() -> str:
    """Return what holds where the matrix says nothing."""
    return describe_rule(DEFAULT)


def find_move(from_plan: int, to_plan: int) -> MoveRule | None:
    """Return the rule for a pair of plans; 0 = any plan."""
    return MoveRule.objects.filter(from_plan=from_plan or None, to_plan=to_plan or None).first()
