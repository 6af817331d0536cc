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

#: The year and the running number; what is before is the series' prefix.
_TAIL: Final = re.compile(r"(20[0-9]{2})-([0-9]{5,10})$")
#: Years asked for in one query: a payer's typing error is no reason for a large one.
_MOST_YEARS: Final = 30


def accounts_of_bills(names: Collection[str]) -> dict[str, set[int]]:
    """
    Return the accounts of the bills of these numbers, as `accounts.domain.payers.plain` writes them.

    Two legal entities may have bills of one number: then there are several accounts.
    """
    numbers: dict[int, set[int]] = defaultdict(set)
    for name in names:
        if match := _TAIL.search(name):
            numbers[int(match[1])].add(int(match[2]))
    wanted = Q()
    for year, serials in sorted(numbers.items())[:_MOST_YEARS]:
        wanted |= Q(year=year, number__in=serials)
    if not wanted:
        return {}
    bills = BillNumber.objects.filter(wanted, document="bill").values("bill_id")
    found: dict[str, set[int]] = defaultdict(set)
    rows = Bill.objects.filter(pk__in=bills).values_list("number_text", "account_id")
    for number_text, account_id in rows:
        found[plain(number_text)].add(account_id)
    return {name: found[name] for name in names if name in found}
