"""
Bank statements: whose bank accounts they are about, what the purposes name, what became of lines.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from accounts.domain.payers import Book, Mentions, PayerAccount, plain
from accounts.models import Account, BankStatement, BankStatementLine, Contract, Customer
from accounts.models import LegalEntity as Entity
from billing_project.kernel.invariants import Invariant

PAGE: Final = 100
#: Bill numbers as `payers.plain` writes them -> the accounts of the bills of that number.
BillLookup = Callable[[Collection[str]], Mapping[str, Collection[int]]]
#: Letters that look alike: contract numbers are stored in either alphabet.
_LATIN: Final = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """A bank account of the operator's."""

    entity_id: int
    currency: str


@dataclass(frozen=True, slots=True)
class FateSum:
    """Lines of one fate and rule or doubt: how many, how much."""

    fate: str
    why: str
    label: str
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines of a statement are looked at; empty = all."""

    fate: str = ""
    why: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with the sums of its lines."""

    statement: BankStatement
    sums: tuple[FateSum, ...] = field(default=())

    def of(self, fate: str) -> FateSum:
        """Return the sum over all lines of a fate."""
        found = [each for each in self.sums if each.fate == fate]
        amount = sum((each.amount for each in found), Decimal("0.00"))
        return FateSum(fate, "", "", sum(each.lines for each in found), amount)

    @property
    def doubtful(self) -> FateSum:
        """Return what waits for a person, or will."""
        return self.of("unassigned")

    @property
    def incoming(self) -> FateSum:
        """What the statement brings in all, whatever becomes of it."""
        amount = sum((each.amount for each in self.sums), Decimal("0.00"))
        return FateSum("", "", "", sum(each.lines for each in self.sums), amount)


def own_bank_accounts() -> dict[str, OwnAccount]:
    """Return the bank accounts of all legal entities."""
    return {
        account: OwnAccount(entity.pk, entity.currency)
        for entity in Entity.objects.order_by("pk")
        for account in entity.bank_accounts()
    }


def load_book(mentions: Sequence[Mentions], *, inns: Collection[str], bills: BillLookup) -> Book:
    """Return what everything named in the purposes stands for, in five queries however many."""
    by_number = _by_number({number for each in mentions for number in each.accounts + each.alone})
    by_contract = _by_contract({name for each in mentions for name in each.contracts})
    named_bills = bills({name for each in mentions for name in each.bills})
    by_bill = {name: frozenset(ids) for name, ids in named_bills.items()}
    by_inn = _by_inn(inns)
    wanted = set(by_number.values()).union(
        *by_contract.values(), *by_bill.values(), *by_inn.values()
    )
    return Book(_payer_accounts(wanted), by_number, by_contract, by_bill, by_inn)


def _by_number(numbers: Iterable[str]) -> dict[str, int]:
    return dict(Account.objects.filter(number__in=list(numbers)).values_list("number", "pk"))


def _by_contract(names: Iterable[str]) -> dict[str, frozenset[int]]:
    """Look contracts up as written in either alphabet: the numbers have an index, their look none."""
    spelt = {spelling for name in names for spelling in (name, name.translate(_LATIN))}
    rows = Contract.objects.filter(number__in=list(spelt)).values_list("number", "accounts__id")
    found: dict[str, set[int]] = defaultdict(set)
    for number, account_id in rows:
        if account_id is not None:
            found[plain(number)].add(account_id)
    return {name: frozenset(ids) for name, ids in found.items()}


def _by_inn(inns: Collection[str]) -> dict[str, frozenset[int]]:
    rows = Account.objects.filter(
        customer__kind=Customer.Kind.COMPANY, customer__inn__in=list(inns), closed_on__isnull=True
    ).values_list("customer__inn", "pk")
    found: dict[str, set[int]] = defaultdict(set)
    for inn, account_id in rows:
        found[inn].add(account_id)
    return {inn: frozenset(ids) for inn, ids in found.items()}


def _payer_accounts(ids: Iterable[int]) -> dict[int, PayerAccount]:
    rows = Account.objects.filter(pk__in=list(ids)).values_list(
        "pk", "contract__legal_entity_id", "currency", "closed_on"
    )
    return {row[0]: PayerAccount(*row) for row in rows}


def known_externals(externals: Sequence[str], *, but: int) -> set[str]:
    """Return which documents other statements, loaded or being loaded, brought before."""
    lines = BankStatementLine.objects.filter(
        external_id__in=list(externals),
        statement__state__in=[BankStatement.State.LOADING, BankStatement.State.LOADED],
    ).exclude(statement_id=but)
    return set(lines.values_list("external_id", flat=True))


def list_statements(*, before: int | None = None, limit: int = PAGE) -> list[StatementView]:
    """Return statements, newest first, with the sums of their lines."""
    rows = BankStatement.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[:limit])
    sums = _sums([each.pk for each in found])
    return [StatementView(each, tuple(sums[each.pk])) for each in found]


def get_statement(statement_id: int) -> StatementView:
    """Return a statement with the sums of its lines; BankStatement.DoesNotExist."""
    found = BankStatement.objects.get(pk=statement_id)
    return StatementView(found, tuple(_sums([found.pk])[found.pk]))


def find_by_hash(sha256: str) -> BankStatement | None:
    """Return the statement of a file, or None."""
    return BankStatement.objects.filter(sha256=sha256).first()


def list_lines(
    statement_id: int,
    *,
    wanted: LineFilter = LineFilter(),
    after: int = 0,
    limit: int = PAGE,
) -> list[BankStatementLine]:
    """Return lines in the order of the file, with their accounts and what became of them."""
    lines = filter_lines(BankStatementLine.objects.filter(statement_id=statement_id), wanted)
    lines = lines.filter(line__gt=after).select_related(
        "account__customer", "notice__account__customer"
    )
    return list(lines.order_by("line")[:limit])


def filter_lines(
    lines: "QuerySet[BankStatementLine]", wanted: LineFilter
) -> "QuerySet[BankStatementLine]":
    """Return the lines that the filter leaves."""
    if wanted.fate:
        lines = lines.filter(fate=wanted.fate)
    if wanted.why:
        lines = lines.filter(Q(rule=wanted.why) | Q(doubt=wanted.why))
    if wanted.text:
        lines = lines.filter(
            Q(payer_name__icontains=wanted.text)
            | Q(purpose__icontains=wanted.text)
            | Q(number=wanted.text)
            | Q(payer_inn=wanted.text)
            | Q(account__number=wanted.text)
        )
    return lines


def candidates_of(lines: Iterable[BankStatementLine]) -> dict[int, Account]:
    """Return the accounts the lines may be of, with their customers, by id."""
    wanted = {account_id for line in lines for account_id in line.candidates}
    return Account.objects.select_related("customer").in_bulk(wanted) if wanted else {}


def candidates_of_notice(notice_id: int) -> list[Account]:
    """Return the accounts that money from the bank, waiting for a person, may be of."""
    lines = list(BankStatementLine.objects.filter(notice_id=notice_id))
    return list(candidates_of(lines).values())


def list_unfinished() -> list[int]:
    """Return the statements that are being loaded."""
    loading = BankStatement.objects.filter(state=BankStatement.State.LOADING)
    return list(loading.order_by("pk").values_list("pk", flat=True))


def _sums(ids: Sequence[int]) -> dict[int, list[FateSum]]:
    rows = (
        BankStatementLine.objects.filter(statement_id__in=ids)
        .values_list("statement_id", "fate", "rule", "doubt")
        .annotate(lines=Count("pk"), amount=Sum("amount"))
        .order_by("fate", "rule", "doubt")
    )
    rules, doubts = dict(BankStatementLine.Rule.choices), dict(BankStatementLine.Doubt.choices)
    found: dict[int, list[FateSum]] = defaultdict(list)
    for statement_id, fate, rule, doubt, lines, amount in rows:
        label = doubts.get(doubt) or rules.get(rule, "")
        found[statement_id].append(FateSum(fate, doubt or rule, str(label), lines, amount))
    return found


LINE_HAS_NOTICE: Final = Invariant(
    name="every line of a loaded statement has its notice, with its amount",
    sql="""
        SELECT l.statement_id, l.line, l.amount, n.id, n.amount
          FROM accounts_bankstatementline l
          JOIN accounts_bankstatement s ON s.id = l.statement_id AND s.state = 'loaded'
          LEFT JOIN accounts_paymentnotice n
            ON n.id = l.notice_id AND n.gateway = 'bank' AND n.external_id = l.external_id
         WHERE n.amount IS DISTINCT FROM l.amount
           -- What a line repeats may be of a statement that is being loaded at this moment.
           AND (l.fate <> 'duplicate' OR NOT EXISTS (
                SELECT 1 FROM accounts_bankstatement WHERE state = 'loading'))
    """,
    why="A bank said that money came, and nobody would ever ask whose it is.",
)

DOCUMENT_ONCE: Final = Invariant(
    name="a bank document brings money once, however many statements repeat it",
    sql="""
        SELECT l.external_id, count(*), min(l.statement_id), max(l.statement_id)
          FROM accounts_bankstatementline l
          JOIN accounts_bankstatement s ON s.id = l.statement_id AND s.state <> 'discarded'
         WHERE l.fate <> 'duplicate' AND s.state IN ('loading', 'loaded')
         GROUP BY l.external_id HAVING count(*) > 1
    """,
    why="Two statements count the same money as theirs: totals of a month would be too high.",
)

NOTICE_HAS_LINE: Final = Invariant(
    name="every notice of the bank stands in a statement",
    sql="""
        SELECT n.id, n.external_id, n.amount FROM accounts_paymentnotice n
         WHERE n.gateway = 'bank' AND n.what = 'payment'
           AND NOT EXISTS (SELECT 1 FROM accounts_bankstatementline l
                            WHERE l.external_id = n.external_id AND l.fate <> 'duplicate')
    """,
    why="Money was credited as the bank's that no statement speaks of.",
)


def statement_invariants() -> list[Invariant]:
    """Return the promises about bank statements."""
    return [LINE_HAS_NOTICE, DOCUMENT_ONCE, NOTICE_HAS_LINE]
