"""
Products, and the rules of moves between plans.
"""

from django.db import connection, transaction

from tariffs.models import MoveRule, Plan, Product


def create_product(*, code: str, name_ru: str, name_en: str, kind: str, **terms: object) -> Product:
    """
    Create a product; `terms` are the speeds of internet access (kbit/s) or a one-off price.

    Raises ValidationError for a speed of anything else, or a reduced speed above the full one.
    """
    product = Product(code=code, name_ru=name_ru, name_en=name_en, kind=kind, **terms)
    product.full_clean()
    product.save()
    return product


def archive_product(*, product_id: int) -> None:
    """Take a product out of the plans to come; those that have it keep it."""
    Product.objects.filter(pk=product_id).update(is_archived=True)


@transaction.atomic
def set_move_rule(
    *, from_plan: Plan | None = None, to_plan: Plan | None = None, **terms: object
) -> MoveRule:
    """
    Write the rule for a pair of plans, a side left out meaning any; an earlier one is replaced.

    `terms`: is_allowed, fee_up, fee_down, timing, on_date, min_days; those left out are the
    defaults. What was agreed by a quote before stays as it was agreed. Raises ValidationError.
    """
    with connection.cursor() as cursor:
        # The first rule of a pair has no row to lock: of two written at once the later one counts.
        cursor.execute("LOCK TABLE tariffs_moverule IN SHARE ROW EXCLUSIVE MODE")
    former = MoveRule.objects.filter(from_plan=from_plan, to_plan=to_plan).first()
    rule = MoveRule(from_plan=from_plan, to_plan=to_plan, **terms)
    if former:
        rule.pk = former.pk
        rule._state.adding = False
    rule.full_clean()
    rule.save(force_update=former is not None)
    return rule


def remove_move_rule(*, rule_id: int) -> None:
    """Take a rule away; a more general one holds then, or the default."""
    MoveRule.objects.filter(pk=rule_id).delete()
