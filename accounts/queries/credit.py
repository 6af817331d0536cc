"""
Credit classes, what was agreed about an account, and what must hold of both.
"""

from typing import Final

from django.utils.translation import gettext as _

from accounts.models import CreditChange, CreditClass
from billing_project.kernel.invariants import Invariant

#: (code, dispute_cap): how much of open disputes widens the floor, for selects of upper apps.
DISPUTE_CAPS_SQL: Final = "SELECT code, dispute_cap FROM accounts_creditclass"

UNKNOWN_CLASS: Final = """
    SELECT a.id AS account_id, a.credit_class FROM accounts_account a
     WHERE a.credit_class NOT IN (SELECT code FROM accounts_creditclass)
"""
LAST_CHANGE: Final = """
    SELECT a.id AS account_id, a.credit_class, a.credit_limit, c.class_after, c.limit_after
      FROM (SELECT DISTINCT ON (account_id) account_id, class_after, limit_after
              FROM accounts_creditchange ORDER BY account_id, id DESC) c
      JOIN accounts_account a ON a.id = c.account_id
     WHERE (a.credit_class, a.credit_limit) <> (c.class_after, c.limit_after)
"""
CHAIN: Final = """
    SELECT account_id, id FROM (
        SELECT account_id, id, class_before, limit_before,
               lag(class_after) OVER w AS class_then, lag(limit_after) OVER w AS limit_then
          FROM accounts_creditchange WINDOW w AS (PARTITION BY account_id ORDER BY id)) c
     WHERE class_then IS NOT NULL AND (class_before, limit_before) <> (class_then, limit_then)
"""


def list_classes(*, only_in_use: bool = False) -> list[CreditClass]:
    """List the credit classes in their order."""
    rows = CreditClass.objects.filter(is_active=True) if only_in_use else CreditClass.objects.all()
    return list(rows.order_by("position", "pk"))


def get_class(code: str) -> CreditClass:
    """Return the class; CreditClass.DoesNotExist without it."""
    return CreditClass.objects.get(code=code)


def list_credit_changes(account_id: int, *, limit: int = 50) -> list[CreditChange]:
    """List what was agreed about the account's credit, newest first."""
    return list(CreditChange.objects.filter(account_id=account_id).order_by("-pk")[:limit])


def find_last_change(account_id: int) -> CreditChange | None:
    """Return what was agreed last."""
    return CreditChange.objects.filter(account_id=account_id).order_by("-pk").first()


def credit_invariants() -> list[Invariant]:
    """Return what must hold of credit classes and limits."""
    told = [
        ("an account is of a credit class there is", UNKNOWN_CLASS, _("Nobody knows its rules.")),
        (
            "class and limit of an account are those agreed last",
            LAST_CHANGE,
            _("Class or limit were changed without a fact that says who did it."),
        ),
        (
            "each change of credit begins where the last one ended",
            CHAIN,
            _("Class or limit were changed in between without a fact of it."),
        ),
    ]
    return [Invariant(name=name, sql=sql, why=why) for name, sql, why in told]
