"""
Whose bills the numbers are that people write in the purpose of a payment.
"""

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from django.db.models import Q

from accounts.domain.payers import plain
from invoicing.models import Bill, BillNumber
from invoicing.queries.shares import find_papers, payer_account

#: The year and the running number; what is before is the series' prefix.
_TAIL: Final = re.compile(r"(20[0-9]{2})-([0-9]{5,10})$")
#: Years asked for in one query: a payer's typing error is no reason for a large one.
_MOST_YEARS: Final = 30


def accounts_of_bills(names: Collection[str]) -> dict[str, set[int]]:
    """
    Return the accounts of the bills of these numbers, as `accounts.domain.payers.plain` writes them.

    Two legal entities may have bills of one number: then there are several accounts. A consolidated bill
    is its payer's account, from which the payment is split.
    """
    numbers: dict[int, set[int]] = defaultdict(set)
    for name in names:
        if match := _TAIL.search(name):
            numbers[int(match[1])].add(int(match[2]))
    wanted = Q()
    for year, serials in sorted(numbers.items())[:_MOST_YEARS]:
        wanted |= Q(year=year, number__in=serials)
    if not wanted:
        # No number of ours has another look, consolidated ones neither.
        return {}
    bills = BillNumber.objects.filter(wanted, document="bill").values("bill_id")
    found: dict[str, set[int]] = defaultdict(set)
    rows = Bill.objects.filter(pk__in=bills).values_list("number_text", "account_id")
    for number_text, account_id in rows:
        found[plain(number_text)].add(account_id)
    for name, papers in find_papers(names).items():
        accounts = (payer_account(paper) for paper in papers)
        found[name] |= {account.pk for account in accounts if account is not None}
    return {name: found[name] for name in names if found.get(name)}
