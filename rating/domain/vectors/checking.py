"""
A case against what is expected of it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from billing_project.kernel.vectors import Result, Verdict, compared, name_of
from rating.domain.compiled import UnableToCompile
from rating.domain.counters import UnableToCount
from rating.domain.vectors.cases import Case
from rating.domain.vectors.fields import Fields, UnableToRead
from rating.domain.vectors.quantities import read_quantity
from rating.domain.vectors.reading import KINDS, read_usage
from rating.domain.vectors.running import Outcome, longest, run_columns, run_twin

#: Figures of other engines that never end are written to so many decimals.
DECIMALS = 18


def check_case(case: object) -> Verdict:
    """Price one case both ways and compare with what it expects."""
    name = name_of(case)
    try:
        differences = tuple(_differences(case))
    except (UnableToRead, UnableToCompile, UnableToCount) as error:
        return Verdict(name, Result.UNSUPPORTED, (str(error),))
    return compared(name, differences)


def _differences(given: object) -> Iterator[str]:
    fields = Fields(given)
    fields.take("id")
    kind = fields.text("kind")
    expected = fields.part("expected")
    if expected is None:
        raise fields.wrong("expected", None)
    case = _read(fields, kind)
    fields.close()
    if case.is_prepaid:
        most = longest(case)
        wanted = expected.take("max_seconds")
        if wanted is not None and int(wanted) != most:
            yield f"max_seconds {most}, expected {wanted}"
        # What it costs then is what a call of that length costs.
        case = replace(case, quantity=most)
    outcome, minor = run_twin(case)
    columns = run_columns(case, minor=minor)
    if columns != outcome.without_segments():
        yield f"columns say {columns}, the twin says {outcome}"
    if case.is_prepaid and "status" not in expected:
        # A session that has no price lasts 0 seconds, for nothing.
        outcome = replace(outcome, is_rated=True)
    yield from _compared(outcome, expected)
    expected.close()


def _read(fields: Fields, kind: str) -> Case:
    if kind == "quantity":
        return read_quantity(fields)
    if kind not in KINDS:
        raise fields.wrong("kind", kind)
    return read_usage(fields, kind)


def _compared(outcome: Outcome, expected: Fields) -> Iterator[str]:
    status = "rated" if outcome.is_rated else "unrated"
    wanted = expected.take("status", "rated")
    if wanted != status:
        yield f"status {status}, expected {wanted}"
    if "zone" in expected:
        zone = expected.take("zone")
        if zone != outcome.zone:
            yield f"zone {outcome.zone}, expected {zone}"
    yield from _figure("cost", outcome.cost if outcome.is_rated else None, expected.take("cost"))
    billed = outcome.billed if outcome.is_rated else None
    for key in ("billed_seconds", "billed_units"):
        yield from _figure(key, billed, expected.take(key))
    for key, known in (
        ("allowance_after", outcome.allowances),
        ("balance_after", outcome.balances),
    ):
        for name, figure in (expected.take(key) or {}).items():
            yield from _figure(f"{key} {name}", known.get(name), figure)
    segments = expected.take("segments")
    if segments is not None:
        yield from _segments(outcome, segments)


def _segments(outcome: Outcome, wanted: list[dict[str, Any]]) -> Iterator[str]:
    found = outcome.segments or ()
    if [name for name, _, _ in found] != [one.get("rate") for one in wanted]:
        yield f"segments {[name for name, _, _ in found]}, expected {wanted}"
        return
    for number, ((name, units, amount), one) in enumerate(zip(found, wanted, strict=True), start=1):
        yield from _figure(f"segment {number} {name} seconds", units, one.get("seconds"))
        yield from _figure(f"segment {number} {name} amount", amount, one.get("amount"))


def _figure(name: str, known: Fraction | None, wanted: object) -> Iterator[str]:
    """Yield the difference of a figure; null expects nothing."""
    if wanted is None:
        return
    try:
        figure = Fraction(str(wanted))
    except (ValueError, ZeroDivisionError):
        message = f"expected.{name}: {wanted!r}"
        raise UnableToRead(message) from None
    if known is None or figure not in {known, _written(known)}:
        yield f"{name} {None if known is None else _text(known)}, expected {wanted}"


def _written(exact: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = 60
        return Fraction(
            (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1).scaleb(-DECIMALS))
        )


def _text(exact: Fraction) -> str:
    return f"{Decimal(exact.numerator) / Decimal(exact.denominator):f}"
