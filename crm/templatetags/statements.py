"""
How lines of a bank statement are told.
"""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from accounts.models import Account, BankStatementLine
from crm.templatetags.crm import state

register = template.Library()

_TONES = {"credit": "done", "unassigned": "waiting", "duplicate": "skipped"}
_NOTICE_TONES = {
    "credited": "done",
    "unassigned": "waiting",
    "refused": "refused",
    "returned": "reversed",
    "received": "received",
}


@register.simple_tag
def fate_name(code: str) -> str:
    """Return what a fate is called."""
    return str(BankStatementLine.Fate(code).label)


@register.simple_tag
def line_state(line: BankStatementLine) -> SafeString:
    """Return what will become of a line, or what became of its money."""
    if line.notice is None or line.fate == BankStatementLine.Fate.DUPLICATE:
        return state(_TONES[line.fate], line.get_fate_display())
    return state(_NOTICE_TONES.get(line.notice.state, "unknown"), line.notice.get_state_display())


@register.simple_tag
def line_account(line: BankStatementLine) -> Account | None:
    """Return whose the money is: as a person decided, or as it was found."""
    if line.notice is not None and line.notice.account is not None:
        return line.notice.account
    return line.account


@register.simple_tag
def candidate(found: Mapping[int, Account], account_id: int) -> Account | None:
    """Return the account a line may be of."""
    return found.get(account_id)
