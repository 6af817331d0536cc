"""
Credit classes, and what is agreed about the credit of an account.

Whoever decides about a limit is above (dunning): here the rows are written, and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.credit import DEFAULT_CLASS
from accounts.models import Account, CreditChange, CreditClass
from accounts.models.ledger import AccountBalance
from accounts.queries.balances import Balance
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import record_event

#: (code, name in Russian, name in English, order). The operator sets what they allow.
DEFAULT_CLASSES: Final = (
    (DEFAULT_CLASS, "обычный", "standard", 10),
    ("trusted", "надёжный", "trusted", 20),
    ("risky", "рискованный", "risky", 30),
)

LOCK_CAPS: Final = """
    SELECT code, dispute_cap FROM accounts_creditclass WHERE code = ANY(%s) ORDER BY id FOR SHARE
"""


class UnableToChangeCredit(Exception):
    """There is no such class, or it is out of use; `field` names what was typed wrongly."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """What an account is to have from now on; `is_own` as in CreditChange."""

    credit_class: str
    limit: Decimal
    is_own: bool
    reason: str


def ensure_reference_data() -> None:
    """Write the classes an installation starts with; idempotent, never changes what is there."""
    if CreditClass.objects.exists():
        return
    rows = [
        CreditClass(code=code, name_ru=name_ru, name_en=name_en, position=position)
        for code, name_ru, name_en, position in DEFAULT_CLASSES
    ]
    CreditClass.objects.bulk_create(rows, ignore_conflicts=True)


def save_class(credit_class: CreditClass) -> CreditClass:
    """Write a class, new or changed; a code stays what it was, for accounts name it."""
    if credit_class.pk is not None:
        before = CreditClass.objects.get(pk=credit_class.pk)
        if before.code != credit_class.code:
            raise UnableToChangeCredit(_("The code of a class stays."), field="code")
        if before.code == DEFAULT_CLASS and not credit_class.is_active:
            message = _("New accounts are of this class: it stays in use.")
            raise UnableToChangeCredit(message, field="is_active")
    credit_class.save()
    return credit_class


def lock_balance(account_id: int) -> Balance:
    """
    Lock the balance until the caller commits, and return it: nothing is posted meanwhile.

    Whoever decides about the account locks it first (`dunning.queries.lock_accounts`).
    """
    row = AccountBalance.objects.select_for_update(no_key=True).get(pk=account_id)
    return Balance(row.account_id, row.money, row.bonus, row.held, row.floor)


def lock_caps(codes: Iterable[str]) -> dict[str, Decimal | None]:
    """Return code -> dispute cap of the classes, which stay so until the caller commits."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_CAPS, [list(codes)])
        return dict(cursor.fetchall())


@transaction.atomic
def write_credit(
    *, account_id: int, terms: CreditTerms, now: datetime, actor: str, on_behalf_of: str = ""
) -> CreditChange | None:
    """
    Write class and limit of the account with the fact of it, and an event for each that changed.

    The caller holds the account. Nothing changes: None. Raises UnableToChangeCredit.
    """
    account = Account.objects.get(pk=account_id)
    limit = round_money(terms.limit)
    if (account.credit_class, account.credit_limit) == (terms.credit_class, limit):
        return None
    _check_class(account, terms.credit_class)
    change = CreditChange.objects.create(
        account=account,
        class_before=account.credit_class,
        class_after=terms.credit_class,
        limit_before=account.credit_limit,
        limit_after=limit,
        is_own=terms.is_own,
        reason=terms.reason,
        changed_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    account.credit_class, account.credit_limit = terms.credit_class, limit
    account.save(update_fields=["credit_class", "credit_limit"])
    _tell(change, account)
    return change


def _check_class(account: Account, code: str) -> None:
    if code == account.credit_class:
        return
    if not CreditClass.objects.filter(code=code, is_active=True).exists():
        message = _("There is no such credit class in use.")
        raise UnableToChangeCredit(message, field="credit_class")


def _tell(change: CreditChange, account: Account) -> None:
    told = {
        "limit.changed": (str(change.limit_before), str(change.limit_after), "limit"),
        "credit_class.changed": (change.class_before, change.class_after, "credit_class"),
    }
    for kind, (before, after, name) in told.items():
        if before == after:
            continue
        record_event(
            kind=kind,
            account_id=account.pk,
            customer_id=account.customer_id,
            happened_at=change.changed_at,
            actor=change.actor,
            on_behalf_of=change.on_behalf_of,
            data={"before": before, name: after, "reason": change.reason},
        )
