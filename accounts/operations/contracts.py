"""
Contracts and personal accounts, and the numbers they get.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.credit import DEFAULT_CLASS
from accounts.domain.numbering import account_number, contract_number
from accounts.models import Account, Contract, CreditClass, Customer, LegalEntity
from accounts.models.ledger import AccountBalance
from accounts.queries.relations import list_above
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import record_event

NEXT: Final = """
    INSERT INTO accounts_numbercounter AS c (name, last) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET last = c.last + excluded.last
    RETURNING last
"""
ACCOUNTS: Final = "account"


class UnableToOpenAccount(Exception):
    """The contract is closed, the cycle day or limit out of range, or there is no such class."""


def take_serials(*, series: str, count: int = 1) -> range:
    """Take the next serial numbers of a series, from 1; others wait until you commit."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [series, count])
        last: int = cursor.fetchone()[0]
    return range(last - count + 1, last + 1)


def take_account_numbers(*, count: int) -> list[str]:
    """Take account numbers for accounts written in bulk (moving in, the demo)."""
    return [account_number(serial) for serial in take_serials(series=ACCOUNTS, count=count)]


def take_contract_numbers(*, legal_entity: LegalEntity, year: int, count: int = 1) -> list[str]:
    """Take contract numbers of the entity's prefix and the year."""
    prefix = legal_entity.contract_prefix
    serials = take_serials(series=f"contract:{prefix}:{year}", count=count)
    return [contract_number(prefix=prefix, year=year, serial=serial) for serial in serials]


@transaction.atomic
def sign_contract(
    *, customer: Customer, legal_entity: LegalEntity, signed_on: date, now: datetime, actor: str
) -> Contract:
    """Write a contract with the next number of the legal entity's prefix and the year."""
    [number] = take_contract_numbers(legal_entity=legal_entity, year=signed_on.year)
    contract = Contract.objects.create(
        number=number, customer=customer, legal_entity=legal_entity, signed_on=signed_on
    )
    record_event(
        kind="contract.signed",
        customer_id=customer.pk,
        happened_at=now,
        actor=actor,
        data={"contract_id": contract.pk, "number": number},
    )
    return contract


@transaction.atomic
def open_account(
    *,
    contract: Contract,
    kind: str,
    on: date,
    now: datetime,
    actor: str,
    credit_limit: Decimal = Decimal(0),
    cycle_day: int = 1,
    credit_class: str = DEFAULT_CLASS,
    customer: Customer | None = None,
) -> Account:
    """
    Open a personal account under the contract, with a balance of zero.

    `customer` is whose account it is: who signed, or a unit of the company that did.
    """
    if contract.closed_on is not None and contract.closed_on <= on:
        raise UnableToOpenAccount(_("The contract is closed."))
    if not 1 <= cycle_day <= 31 or credit_limit < 0:
        raise UnableToOpenAccount(_("The cycle day is 1 to 31, the credit limit not negative."))
    if credit_class != DEFAULT_CLASS and not CreditClass.objects.filter(code=credit_class).exists():
        raise UnableToOpenAccount(_("There is no such credit class."))
    owner_id = customer.pk if customer else contract.customer_id
    if owner_id != contract.customer_id and contract.customer_id not in list_above(owner_id):
        raise UnableToOpenAccount(_("This customer is no unit of who signed the contract."))
    [number] = take_account_numbers(count=1)
    account = Account.objects.create(
        number=number,
        contract=contract,
        customer_id=owner_id,
        kind=kind,
        currency=contract.legal_entity.currency,
        credit_class=credit_class,
        credit_limit=round_money(credit_limit),
        cycle_day=cycle_day,
        opened_on=on,
    )
    AccountBalance.objects.create(account_id=account.pk, floor=account.credit_limit)
    record_event(
        kind="account.opened",
        account_id=account.pk,
        customer_id=account.customer_id,
        happened_at=now,
        actor=actor,
        data={"number": number, "kind": kind},
    )
    return account
