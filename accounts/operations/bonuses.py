"""
Bonus money: granted for a reason, used against charges, lost after its last day.

Whoever moves bonus money locks the account's balance first, its grants after it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.domain import bonuses
from accounts.domain.bonuses import Share
from accounts.domain.kinds import Fund, Kind
from accounts.domain.posting import Posting
from accounts.models import BonusGrant, BonusPart, BonusUse
from accounts.models.ledger import AccountBalance
from accounts.operations.posting import post
from accounts.operations.second_person import (
    UnableToCorrect,
    approved,
    ask,
    check_amount,
    check_reason,
    find_asked,
    tell,
)
from accounts.queries import bonuses as reading
from billing_project.kernel.models import Approval

#: `Approval.kind` of a grant that waits.
APPROVAL_KIND: Final = "bonus_grant"


def grant_bonus(
    *,
    account_id: int,
    amount: Decimal,
    reason: str,
    request_id: str,
    limit: Decimal,
    business_date: date,
    now: datetime,
    actor: str,
    pays: str = bonuses.ANY,
    expires_on: date | None = None,
) -> BonusGrant | Approval:
    """
    Grant bonus money that pays charges of its sort until its last day; above `limit` ask first.

    The same `request_id` answers with what it made first.
    """
    check_reason(reason)
    check_amount(amount)
    if expires_on is not None and expires_on < business_date:
        raise UnableToCorrect(_("Its last day is past already."), field="expires_on")
    with transaction.atomic():
        _lock(account_id)
        earlier = _find_earlier(account_id, request_id)
        if earlier is not None:
            return _same(earlier, amount)
        terms = {"pays": pays, "expires_on": expires_on.isoformat() if expires_on else ""}
        if amount > limit:
            return ask(
                kind=APPROVAL_KIND,
                account_id=account_id,
                amount=amount,
                reason=reason,
                data={"request_id": request_id, **terms},
                actor=actor,
                now=now,
            )
        draft = BonusGrant(
            account_id=account_id,
            amount=amount,
            left=amount,
            pays=pays,
            expires_on=expires_on,
            reason=reason,
            request_id=request_id,
            business_date=business_date,
            granted_at=now,
            actor=actor,
        )
        return _write(draft)


@transaction.atomic
def approve_bonus(
    *, approval_id: int, business_date: date, now: datetime, actor: str
) -> BonusGrant:
    """Approve a grant that waits and post it; raises kernel's UnableToDecide."""
    approval = approved(approval_id=approval_id, kind=APPROVAL_KIND, actor=actor, now=now)
    _lock(approval.account_id)
    last_day = approval.data["expires_on"]
    amount = approval.amount or Decimal(0)
    draft = BonusGrant(
        account_id=approval.account_id,
        amount=amount,
        left=amount,
        pays=approval.data["pays"],
        expires_on=date.fromisoformat(last_day) if last_day else None,
        reason=approval.comment,
        request_id=approval.data["request_id"],
        business_date=business_date,
        granted_at=now,
        actor=approval.requested_by,
    )
    return _write(draft)


def use_bonus(
    *,
    account_id: int,
    amount: Decimal,
    request_id: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> list[BonusUse]:
    """
    Pay charges of the last month with bonus money: a use for each sort of bonus it took.

    The same `request_id` uses once. Raises UnableToCorrect, saying what is possible, for more.
    """
    check_amount(amount)
    with transaction.atomic():
        _lock(account_id)
        earlier = list(
            BonusUse.objects.filter(account_id=account_id, request_id__startswith=f"{request_id}:")
        )
        if earlier:
            return _same_uses(earlier, amount)
        shares = reading.shares_for(account_id, wanted=amount, on=business_date)
        possible = sum((share.amount for share in shares), Decimal(0))
        if possible < amount:
            message = _("Bonus money can pay %(possible)s of your charges now.")
            raise UnableToCorrect(message % {"possible": possible}, field="amount")
        draft = BonusUse(
            account_id=account_id,
            amount=amount,
            request_id=request_id,
            business_date=business_date,
            used_at=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
        return [_use(draft, shares, pays=pays) for pays in _sorts(shares)]


def _lock(account_id: int) -> None:
    rows = AccountBalance.objects.select_for_update(no_key=True).filter(pk=account_id)
    if rows.first() is None:
        raise UnableToCorrect(_("This account has no balance."))


def _find_earlier(account_id: int, request_id: str) -> BonusGrant | Approval | None:
    granted = BonusGrant.objects.filter(account_id=account_id, request_id=request_id).first()
    return granted or find_asked(kind=APPROVAL_KIND, account_id=account_id, request_id=request_id)


def _same(earlier: BonusGrant | Approval, amount: Decimal) -> BonusGrant | Approval:
    if earlier.amount != amount:
        raise UnableToCorrect(_("This form was sent before with another amount."))
    return earlier


def _same_uses(earlier: list[BonusUse], amount: Decimal) -> list[BonusUse]:
    if sum(use.amount for use in earlier) != amount:
        raise UnableToCorrect(_("This form was sent before with another amount."))
    return earlier


def _sorts(shares: Iterable[Share]) -> list[str]:
    return list(dict.fromkeys(share.pays for share in shares))


def _write(draft: BonusGrant) -> BonusGrant:
    draft.save()
    posting = Posting(
        account_id=draft.account_id,
        kind=Kind.BONUS_GRANT,
        ref=draft.pk,
        amount=draft.amount,
        business_date=draft.business_date,
        explanation={"reason": draft.reason},
        fund=Fund.BONUS,
    )
    post(postings=[posting], now=draft.granted_at, actor=draft.actor)
    tell(
        "bonus.granted",
        account_id=draft.account_id,
        amount=draft.amount,
        reason=draft.reason,
        now=draft.granted_at,
        actor=draft.actor,
        pays=draft.pays,
        expires_on=draft.expires_on.isoformat() if draft.expires_on else None,
    )
    return draft


def _use(draft: BonusUse, shares: Iterable[Share], *, pays: str) -> BonusUse:
    """Write the use of one sort: its row, the parts of its grants, its two entries."""
    mine = [share for share in shares if share.pays == pays]
    use: BonusUse = BonusUse.objects.create(
        account_id=draft.account_id,
        amount=sum((share.amount for share in mine), Decimal(0)),
        pays=pays,
        request_id=f"{draft.request_id}:{pays}",
        business_date=draft.business_date,
        used_at=draft.used_at,
        actor=draft.actor,
        on_behalf_of=draft.on_behalf_of,
    )
    BonusPart.objects.bulk_create(
        BonusPart(
            account_id=draft.account_id, grant_id=share.grant_id, use=use, amount=share.amount
        )
        for share in mine
    )
    for share in mine:
        BonusGrant.objects.filter(pk=share.grant_id).update(left=F("left") - share.amount)
    post(
        postings=[
            Posting(
                account_id=use.account_id,
                kind=Kind.BONUS_USE,
                ref=ref,
                amount=amount,
                business_date=use.business_date,
                fund=fund,
            )
            for ref, amount, fund in (
                (use.pk, -use.amount, Fund.BONUS),
                (-use.pk, use.amount, Fund.MONEY),
            )
        ],
        now=use.used_at,
        actor=use.actor,
        on_behalf_of=use.on_behalf_of,
    )
    return use
