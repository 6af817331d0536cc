"""
Rate decks written as files: a version, and an empty one to fill in.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tariffs.domain.deck_lines import NO_PRICE, LinePrices
from tariffs.formats.tables import write_table
from tariffs.queries.deck_files import DeckTable, load_deck_table

EXAMPLES = (
    ("79", "Россия, мобильные", "long_distance", "4.50"),
    ("4930", "Германия, Берлин", "international", "20.00"),
    ("*", "*", "international", "60.00"),
)


def export_deck(*, version_id: int, form: str) -> bytes:
    """
    Return a version, draft or published, as a file of the form csv or xlsx.

    Read back by `import_deck` it gives the same prices. Raises `UnableToExportDeck`.
    """
    table = load_deck_table(version_id)
    fee_columns = _fee_columns(table)
    header = _header(table.bands, fee_columns)
    return write_table(header, _rows(table, fee_columns), form=form)


def deck_template(*, form: str) -> bytes:
    """Return a file with all columns of a deck with one price for all hours, and sample lines."""
    header = _header((), ("connection_fee",))
    rows = [[*example, "0", "60", "60", "60", "0", "0", "0"] for example in EXAMPLES]
    return write_table([name for name in header if name != "valid_from"], rows, form=form)


def _fee_columns(table: DeckTable) -> tuple[str, ...]:
    """One fee for all bands is one column."""
    has_one = all(len(set(prices.fees)) <= 1 for _, _, prices in table.entries.values())
    if has_one or not table.bands:
        return ("connection_fee",)
    return tuple(f"connection_fee_{code}" for code in table.bands)


def _header(bands: Sequence[str], fee_columns: Sequence[str]) -> list[str]:
    prices = [f"price_{code}" for code in bands] or ["price"]
    return [
        *("prefix", "destination", "class"),
        *prices,
        *fee_columns,
        *("unit", "first_increment", "next_increment"),
        *("min_units", "grace_units", "free_units", "valid_from"),
    ]


def _rows(table: DeckTable, fee_columns: Sequence[str]) -> Iterator[list[str]]:
    day = table.valid_from.isoformat()
    known: dict[int, list[str]] = {}
    for prefix, (destination, zone_class, prices) in table.entries.items():
        if id(prices) not in known:
            known[id(prices)] = [*_cells(prices, len(fee_columns)), day]
        yield [prefix, destination, zone_class, *known[id(prices)]]


def _cells(prices: LinePrices, fees: int) -> list[str]:
    counted = (
        *(prices.unit, prices.first_increment, prices.next_increment),
        *(prices.min_units, prices.grace_units, prices.free_units),
    )
    return [
        *(NO_PRICE if price is None else _plain(price) for price in prices.prices),
        *(_plain(fee) for fee in prices.fees[:fees]),
        *map(str, counted),
    ]


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
