"""Products, packages, bundles, moves and whom they are for: written, published, on sale, frozen."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tariffs import operations, queries
from tariffs.domain.bundles import BundleProblem
from tariffs.domain.drafts import AllowanceDraft, BundlePartDraft
from tariffs.domain.eligibility import Buyer
from tariffs.domain.moves import Rule, Timing
from tariffs.models import (
    Allowance,
    BundlePart,
    BundleVersion,
    MoveRule,
    Package,
    PackagePlan,
    PackageVersion,
    Plan,
    PlanProduct,
    PlanVersion,
    Product,
)
from tests.integration.tariffs.catalogue import JANUARY, NOW, make_plan, make_published_version

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 1)
GIB = 2**30
MARIA = Buyer("person", "prepaid", region="Карелия")


def make_product(code: str = "access", **changes: object) -> Product:
    words = {"kind": "internet", "down_kbps": 100_000, "up_kbps": 50_000, **changes}
    return operations.create_product(code=code, name_ru=code, name_en=code, **words)


def make_package(code: str = "more", **changes: object) -> PackageVersion:
    package, _ = Package.objects.get_or_create(
        code=code, defaults={"name_ru": code, "name_en": code}
    )
    words = {
        "fee": Decimal(100),
        "on_sale_from": JANUARY,
        "allowances": [AllowanceDraft("data", 5 * GIB)],
        **changes,
    }
    draft = operations.draft_package_version(package=package, **words)
    return operations.publish_package_version(version_id=draft.pk, now=NOW)


def make_bundle(*parts: BundlePartDraft, price: str | None = None) -> BundleVersion:
    bundle = operations.create_bundle(code="all", name_ru="Всё", name_en="All")
    return operations.draft_bundle_version(
        bundle=bundle, on_sale_from=JANUARY, parts=parts, price=Decimal(price) if price else None
    )


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "sms"},
        {"down_kbps": None},
        {"slow_down_kbps": 100_001},
        {"burst_down_kbps": 200_000},
        {"burst_down_kbps": 90_000, "burst_seconds": 10},
        {"price": Decimal(10)},
        {"kind": "one_off", "down_kbps": None, "up_kbps": None},
    ],
)
def test_products_that_make_no_sense_are_refused(terms) -> None:
    if terms.get("kind") == "one_off":
        terms = {**terms, "price": Decimal(-1)}
    with pytest.raises(ValidationError):
        make_product(**terms)


def test_every_kind_of_product_can_be_sold() -> None:
    make_product(slow_down_kbps=512, burst_down_kbps=200_000, burst_seconds=30)
    plain = {"down_kbps": None, "up_kbps": None}
    for kind in ("fixed_voice", "mobile_voice", "sms", "data", "iptv", "equipment"):
        make_product(kind, kind=kind, **plain)
    make_product("visit", kind="one_off", price=Decimal(500), **plain)
    assert set(Product.objects.values_list("kind", flat=True)) == set(Product.Kind.values)


def test_a_product_of_a_published_plan_keeps_what_was_promised() -> None:
    product = make_product()
    draft = operations.draft_plan_version(
        plan=make_plan(), fee=Decimal(1), on_sale_from=JANUARY, products=[product]
    )
    Product.objects.filter(pk=product.pk).update(down_kbps=90_000, up_kbps=40_000)
    operations.publish_plan_version(version_id=draft.pk, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=product.pk).update(down_kbps=80_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanProduct.objects.all().delete()
    Product.objects.filter(pk=product.pk).update(name_ru="Доступ", is_archived=True)
    product.refresh_from_db()
    assert (product.down_kbps, product.name_ru) == (90_000, "Доступ")


@pytest.mark.parametrize("change", [{"is_archived": True}, {"kind": "one_off", "price": 5}])
def test_archived_and_one_off_products_are_in_no_new_plan(change) -> None:
    product = make_product(kind="iptv", down_kbps=None, up_kbps=None)
    Product.objects.update(**change)
    draft = operations.draft_plan_version(
        plan=make_plan(), fee=Decimal(1), on_sale_from=JANUARY, products=[product]
    )
    with pytest.raises(operations.UnableToPublishPlan):
        operations.publish_plan_version(version_id=draft.pk, now=NOW)


def test_packages_are_numbered_sold_and_loaded() -> None:
    old = make_package()
    new = make_package(fee=Decimal(150), fee_period="once", validity_days=30)
    cheap = make_package("sms", fee=Decimal(9), allowances=[AllowanceDraft("sms", 50, priority=3)])
    assert (old.number, new.number, new.is_recurring, old.is_recurring) == (1, 2, False, True)
    assert queries.list_packages_on_sale(on=FEBRUARY) == [cheap, new]
    loaded = {one.package_version_id: one.allowances for one in queries.load_package_pricing()}
    assert [one.amount for one in loaded[new.pk]] == [5 * GIB]
    assert [(one.amount, one.priority) for one in loaded[cheap.pk]] == [(50, 3)]
    assert loaded[old.pk][0].allowance_id != loaded[new.pk][0].allowance_id


def test_allowances_of_packages_are_of_no_plan() -> None:
    version = make_published_version(make_plan())
    make_package()
    (pricing,) = queries.load_plan_pricing()
    assert [one.allowance_id for one in pricing.allowances] == [version.allowances.get().pk]


def test_drafts_closed_and_archived_packages_are_not_sold() -> None:
    version = make_package()
    operations.close_package_version(version_id=version.pk, closed_on=FEBRUARY)
    assert queries.list_packages_on_sale(on=date(2026, 1, 31)) == [version]
    assert queries.list_packages_on_sale(on=FEBRUARY) == []
    operations.archive_package(package_id=version.package_id)
    assert queries.list_packages_on_sale(on=date(2026, 1, 31)) == []


def test_a_package_that_includes_nothing_is_not_published() -> None:
    with pytest.raises(operations.UnableToPublishPackage):
        make_package(allowances=[])


def test_packages_fit_services_and_plans() -> None:
    wave, office = make_plan("wave"), make_plan("office", service="fixed")
    anywhere = make_package("a", fee=Decimal(1))
    mobile = make_package("b", fee=Decimal(2), services=["mobile"])
    of_office = make_package("c", fee=Decimal(3), plans=[office])
    assert queries.list_packages_on_sale(on=FEBRUARY, plan=wave) == [anywhere, mobile]
    assert queries.list_packages_on_sale(on=FEBRUARY, plan=office) == [anywhere, of_office]
    with pytest.raises(ValidationError):
        make_package("d", services=["gas"])


@pytest.mark.parametrize(
    "change",
    [
        lambda version: PackageVersion.objects.filter(pk=version.pk).update(fee=1),
        lambda version: PackageVersion.objects.filter(pk=version.pk).update(regions=["x"]),
        lambda version: Allowance.objects.filter(package_version=version).update(amount=1),
        lambda version: Allowance.objects.filter(package_version=version).delete(),
        lambda version: PackagePlan.objects.create(package_version=version, plan=make_plan("late")),
        lambda version: version.delete(),
    ],
)
def test_a_published_package_never_changes(change) -> None:
    version = make_package()
    with pytest.raises(IntegrityError), transaction.atomic():
        change(version)


def test_an_allowance_is_of_a_plan_or_of_a_package() -> None:
    draft = operations.draft_plan_version(plan=make_plan(), fee=Decimal(1), on_sale_from=JANUARY)
    package = operations.create_package(code="p", name_ru="п", name_en="p")
    other = operations.draft_package_version(package=package, fee=Decimal(1), on_sale_from=JANUARY)
    for owners in ({}, {"plan_version": draft, "package_version": other}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Allowance.objects.create(usage_kind="sms", amount=1, **owners)


def test_a_bundle_is_checked_priced_and_frozen() -> None:
    home = make_published_version(make_plan("home"), fee=Decimal(500))
    more = make_package(fee=Decimal(100))
    draft = make_bundle(
        BundlePartDraft(plan_code="home"), BundlePartDraft(package_code="more"), price="540"
    )
    version = operations.publish_bundle_version(version_id=draft.pk, now=NOW)
    keys = [f"plan:{home.plan_id}", f"package:{more.package_id}"]
    bundle = queries.price_bundle_version(
        version.pk, fees=dict(zip(keys, (Decimal(500), Decimal(100)), strict=True))
    )
    assert [share.share for share in bundle.shares] == [450, 90]
    with pytest.raises(KeyError):
        queries.price_bundle_version(version.pk, fees={keys[0]: Decimal(500)})
    with pytest.raises(IntegrityError), transaction.atomic():
        BundlePart.objects.all().delete()


def test_bundles_that_make_no_sense_are_not_published() -> None:
    make_published_version(make_plan("home"), fee=Decimal(500))
    one = BundlePartDraft(plan_code="home")
    draft = make_bundle(one, price="501")
    with pytest.raises(operations.UnableToPublishBundle) as refusal:
        operations.publish_bundle_version(version_id=draft.pk, now=NOW)
    expected = {BundleProblem.TOO_FEW_PARTS, BundleProblem.DEARER_THAN_PARTS}
    assert set(refusal.value.problems) == expected
    make_plan("draft-only")
    BundlePart.objects.create(bundle_version=draft, plan=Plan.objects.get(code="draft-only"))
    with pytest.raises(operations.UnableToPublishBundle, match="не продаётся"):
        operations.publish_bundle_version(version_id=draft.pk, now=NOW)
    with pytest.raises(ValidationError):
        operations.draft_bundle_version(
            bundle=draft.bundle, on_sale_from=JANUARY, parts=[BundlePartDraft(plan_code="gas")]
        )


def test_the_move_matrix_is_written_and_read() -> None:
    shore, wave = make_plan("shore"), make_plan("wave")
    operations.set_move_rule(from_plan=shore, to_plan=wave, fee_up=Decimal(50), timing="now")
    rule = operations.set_move_rule(from_plan=shore, to_plan=wave, fee_up=Decimal(70), min_days=30)
    operations.set_move_rule(is_allowed=False)
    pair, rest = queries.list_move_rules()
    assert pair == Rule(shore.pk, wave.pk, fee_up=Decimal("70.00"), min_days=30)
    assert (rest.is_allowed, rest.timing) == (False, Timing.NEXT_PERIOD)
    operations.remove_move_rule(rule_id=rule.pk)
    assert MoveRule.objects.count() == 1


@pytest.mark.parametrize(
    "terms", [{"timing": "on_date"}, {"on_date": JANUARY}, {"fee_up": Decimal(-1)}]
)
def test_rules_of_moves_that_make_no_sense_are_refused(terms) -> None:
    with pytest.raises(ValidationError):
        operations.set_move_rule(**terms)


def test_only_what_a_buyer_may_have_is_offered() -> None:
    everybody = make_published_version(make_plan("a"))
    make_published_version(make_plan("b"), regions=["Санкт-Петербург"])
    make_published_version(make_plan("c", account_kind="postpaid"))
    make_published_version(make_plan("d", audience="company"))
    here = make_published_version(make_plan("e"), regions=["Карелия"], whom="new")
    assert queries.list_plans_on_sale(on=FEBRUARY, buyer=MARIA) == [everybody, here]
    assert len(queries.list_plans_on_sale(on=FEBRUARY)) == 5
    package = make_package(credit_classes=["trusted"])
    assert queries.list_packages_on_sale(on=FEBRUARY, buyer=MARIA) == []
    assert queries.list_packages_on_sale(on=FEBRUARY) == [package]


def make_mover(plan: Plan, **terms: object) -> PlanVersion:
    return make_published_version(plan, **terms)


def test_who_is_moved_by_which_version() -> None:
    city, suburb = make_plan("city"), make_plan("suburb")
    first, second = make_mover(city), make_mover(city)
    moving = make_mover(city, effect="move", moves_on=FEBRUARY, notice_days=20)
    make_mover(suburb)
    (due,) = queries.list_moves_due(on=JANUARY)
    assert (due.plan_version_id, due.former_ids) == (moving.pk, (first.pk, second.pk))
    assert (due.earliest_on, due.notice_days, due.is_renewal) == (FEBRUARY, 20, False)
    make_mover(suburb, effect="renewal", on_sale_from=FEBRUARY)
    assert len(queries.list_moves_due(on=JANUARY)) == 1
    assert [one.is_renewal for one in queries.list_moves_due(on=FEBRUARY)] == [False, True]


def test_a_version_that_keeps_moves_nobody_and_a_first_one_has_nobody_to_move() -> None:
    kept = make_mover(make_plan("kept"))
    make_mover(make_plan("first"), effect="move", moves_on=FEBRUARY)
    assert queries.list_moves_due(on=FEBRUARY) == []
    assert queries.find_move(kept).former_ids == ()


@pytest.mark.parametrize(
    "terms",
    [
        {"effect": "move"},
        {"moves_on": FEBRUARY},
        {"effect": "renewal", "moves_on": FEBRUARY},
        {"effect": "move", "moves_on": FEBRUARY, "notice_days": 9},
        {"effect": "renewal", "notice_days": 0},
    ],
)
def test_effects_that_make_no_sense_are_refused(terms) -> None:
    with pytest.raises(ValidationError):
        make_mover(make_plan(), **terms)


@pytest.mark.parametrize(("moves_on", "is_refused"), [(19, True), (20, False)])
def test_nobody_is_moved_before_the_notice_has_passed(moves_on, is_refused) -> None:
    draft = operations.draft_plan_version(
        plan=make_plan(), fee=Decimal(1), on_sale_from=JANUARY, effect="move",
        moves_on=date(2026, 1, moves_on),
    )  # fmt: skip
    if not is_refused:
        assert operations.publish_plan_version(version_id=draft.pk, now=NOW).published_at == NOW
        return
    with pytest.raises(operations.UnableToPublishPlan, match="2026-01-20"):
        operations.publish_plan_version(version_id=draft.pk, now=NOW)


def test_the_database_itself_knows_the_notice() -> None:
    draft = operations.draft_plan_version(
        plan=make_plan(), fee=Decimal(1), on_sale_from=JANUARY, effect="move",
        moves_on=date(2026, 1, 15),
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.filter(pk=draft.pk).update(published_at=NOW)
