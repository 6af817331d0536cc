"""
Writing the ledger: the only code that does (decisions A1, A2, A5). The SQL is in accounts/sql.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _
from psycopg2.errors import UniqueViolation
from psycopg2.extras import Json

from accounts.domain.kinds import CONTRA_OF, Fund, Kind
from accounts.domain.posting import Posting
from billing_project.kernel import queue
from billing_project.kernel.sql import Params, bind

POST_MANY: Final = (Path(__file__).parents[1] / "sql" / "post_many.sql").read_text()
POST_ONE: Final = """
    SELECT * FROM accounts_post(%s::bigint, %s::smallint, %s::bigint, %s::numeric, %s::date,
        %s::smallint, %s::smallint, %s::timestamptz, %s::bigint, %s::bigint, %s::date, %s::jsonb,
        %s::text, %s::text)
"""
#: In POST_MANY: keys that a rival wrote since the statement began are passed over.
WITH_RIVALS: Final = "ON CONFLICT (account_id, kind, ref) DO NOTHING"
#: The task that drains balance crossings.
DRAIN: Final = "access.drain"
#: A mass posting may meet a rival's keys this many times before it gives up.
TRIES: Final = 5


class UnableToPost(Exception):
    """The key was posted with another amount, or the account has no balance."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What a posting became: its entry, the money after it; `is_new` is False for a repeat."""

    entry_id: int
    business_date: date
    money: Decimal
    is_new: bool


def post(
    *, postings: Sequence[Posting], now: datetime, actor: str, on_behalf_of: str = ""
) -> list[Posted]:
    """
    Write one or a few postings, all or none; answer in their order.

    A repeat with the same amount gets the entry written first (even on another business date); with
    another amount, or for an account without a balance, UnableToPost and nothing is written.
    """
    # In the order of accounts, as every posting locks them.
    order = sorted(range(len(postings)), key=lambda i: postings[i].account_id)
    answers: dict[int, Posted] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        for place in order:
            cursor.execute(POST_ONE, _row(postings[place], now, (actor, on_behalf_of)))
            answers[place] = _answer(postings[place], cursor.fetchone())
    if any(answer.is_new for answer in answers.values()):
        queue.nudge(DRAIN)
    return [answers[place] for place in range(len(postings))]


def _row(posting: Posting, now: datetime, who: tuple[str, str]) -> list[Any]:
    reverses_id, reverses_date = posting.reverses or (None, None)
    explanation = None if posting.explanation is None else Json(dict(posting.explanation))
    return [
        *(posting.account_id, int(posting.kind), posting.ref, posting.amount),
        *(posting.business_date, int(posting.contra), int(posting.fund), now),
        *(posting.about_subscription_id, reverses_id, reverses_date, explanation, *who),
    ]


def _answer(posting: Posting, row: tuple[Any, ...]) -> Posted:
    outcome, entry_id, entry_date, money = row
    if outcome == "missing":
        message = _("Account %(account)s has no balance.")
        raise UnableToPost(message % {"account": posting.account_id})
    if outcome == "differs":
        message = _(
            "This was posted before with another amount (account %(account)s, ref %(ref)s)."
        )
        raise UnableToPost(message % {"account": posting.account_id, "ref": posting.ref})
    return Posted(entry_id, entry_date, money, is_new=outcome == "posted")


def post_many(
    *,
    source_sql: str,
    kind: Kind,
    now: datetime,
    actor: str,
    params: Params = None,
    fund: Fund = Fund.MONEY,
    on_behalf_of: str = "",
) -> int:
    """
    Write a posting per row of the select, in one statement; return how many were new.

    The select gives, in this order, (account_id, ref, amount, business_date,
    about_subscription_id, explanation jsonb); rows of amount 0 are left out. Keep it to 50,000
    accounts (`queries.list_account_ranges`) and commit between, so that payments get through. Rows
    posted before are passed over when their amount is the same, else UnableToPost.
    """
    values: dict[str, Any] = {
        "kind": int(kind),
        "contra": int(CONTRA_OF[kind]),
        "fund": int(fund),
        "posted_at": now,
        "actor": actor,
        "on_behalf_of": on_behalf_of,
    }
    posted: int = 0
    crossed: int = 0
    with transaction.atomic(), connection.cursor() as cursor:
        statement = POST_MANY.format(source=bind(cursor, source_sql, params))
        for attempt in range(TRIES):
            # Looking for rivals before each key costs a sixth of the whole: only who met one does.
            found = _try_alone(cursor, statement, values) if attempt == 0 else None
            if found is None:
                cursor.execute(statement, values)
                found = cursor.fetchone()
            differing, missing, wanted, inserted, crossings = found
            _refuse(differing=differing, missing=missing, kind=kind)
            posted, crossed = posted + inserted, crossed + crossings
            # A rival's keys, or twice the same key in the source: the next look sees them.
            if inserted == wanted:
                break
        else:
            raise UnableToPost(_("Others keep posting the same: try again."))
    if crossed:
        queue.nudge(DRAIN)
    return posted


def _try_alone(
    cursor: CursorWrapper, statement: str, values: dict[str, Any]
) -> tuple[int, ...] | None:
    """Post as if nobody else posted the same; None, and nothing is posted, if somebody does."""
    try:
        with transaction.atomic():
            cursor.execute(statement.replace(WITH_RIVALS, ""), values)
            return tuple(cursor.fetchone())
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
    return None


def _refuse(*, differing: int, missing: int, kind: Kind) -> None:
    if differing:
        message = _("%(count)s postings of %(kind)s were posted before with another amount.")
        raise UnableToPost(message % {"count": differing, "kind": kind.name})
    if missing:
        message = _("%(count)s accounts have no balance.")
        raise UnableToPost(message % {"count": missing})
