"""
The rating core alone, in memory: columns, the scalar twin, compiling a large deck.
"""

from dataclasses import replace
from typing import Final

from django.conf import settings

from bench.figures import Figure
from bench.generate import Job, write_files
from bench.setting import DAY, Setting, best_of, computed, timed
from bench.world import foreign_prefixes
from rating import queries
from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import CompiledCatalogue
from rating.domain.counters import no_counters
from rating.domain.engine import price_columns
from rating.domain.intake import Intake, chronological
from rating.domain.prices import DeckPrices
from rating.domain.shards import make_shards
from rating.domain.twin import Use, price_one
from rating.domain.zones import longest_prefix
from rating.formats import FORMATS, SourceSettings
from rating.operations.reading import intake_of
from rating.operations.slices import SLICE_ROWS
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind, Zone

MOST: Final = 1_000_000
BY_TWIN: Final = 30_000
LARGE_DECK: Final = 60_000


def measure(setting: Setting) -> None:
    """Price columns and single calls in memory; compile a deck of many prefixes."""
    intake = _intake(setting)
    catalogue = queries.load_catalogue(on_or_after=DAY).compiled
    _tell_columns(setting, intake, catalogue)
    _tell_twin(setting, intake)
    _tell_deck(setting)


def _intake(setting: Setting) -> Intake:
    """Return calls as a night has them, a mixed lot of all accounts."""
    options = setting.options
    records = min(MOST, options.records)
    job = Job(
        setting.folder / "core", records, options.subscribers, DAY,
        seed=3, files=1, calls=1.0, prefixes=options.prefixes,
    )  # fmt: skip
    write_files(job)
    path = min((job.folder / "msc-1").iterdir())
    with path.open("rb") as stream:
        parsed = FORMATS["asterisk"].parse(stream, SourceSettings())
    path.unlink()
    return intake_of(parsed, position=0, source_id=1)


def _tell_columns(setting: Setting, intake: Intake, catalogue: CompiledCatalogue) -> None:
    shards = make_shards(catalogue.subscribers)
    shard = shards.of_usage(intake.subscriber_key, intake.started_at)
    # As a night is cut: by account, each piece in order of time.
    pieces = max(1, len(intake) // SLICE_ROWS)
    parts = [
        chronological(intake.some(shard * pieces // shards.count == piece)).usage()
        for piece in range(pieces)
    ]

    def price() -> float:
        def all_parts() -> None:
            for usage in parts:
                price_columns(usage, catalogue=catalogue, counters=no_counters())

        return timed(all_parts)[0]

    rate = len(intake) / best_of(3, price)
    setting.tell(Figure("core alone, columns in memory", rate, "records/s"))
    if "copy" in setting.rates:
        ratio = rate / setting.rates["copy"]
        setting.tell(Figure("core to COPY without index", ratio, least=0.8))


def _tell_twin(setting: Setting, intake: Intake) -> None:
    """Price single calls: the zone looked up, then everything the deck says."""
    zones = tariffs_queries.load_zones()
    table = {prefix: zone.zone_id for zone in zones for prefix in zone.prefixes}
    plans = tariffs_queries.load_plan_pricing(on_or_after=DAY)
    deck = next(plan.decks[UsageKind.VOICE][0] for plan in plans if UsageKind.VOICE in plan.decks)
    prices = DeckPrices(deck, zones=zones)
    some = slice(0, BY_TWIN)
    calls = [
        (Use(start, UsageKind.VOICE, quantity), str(number))
        for start, quantity, number in zip(
            intake.started_at[some].tolist(),
            intake.quantity[some].tolist(),
            intake.number_b[some].tolist(),
            strict=True,
        )
    ]

    def price() -> float:
        def all_calls() -> None:
            for use, number in calls:
                zone_id = longest_prefix(table, number, among=prices.zones)
                price_one(use, prices=prices, zone_id=zone_id or 0)

        return computed(all_calls)

    rate = len(calls) / best_of(3, price)
    setting.tell(Figure("scalar twin, one core", rate, "calls/s", least=60_000))


def _tell_deck(setting: Setting) -> None:
    plans = tariffs_queries.load_plan_pricing(on_or_after=DAY)
    zones = tariffs_queries.load_zones()
    abroad = [zone for zone in zones if zone.zone_class == "international"]
    others = [zone for zone in zones if zone.zone_class != "international"]
    prefixes = [str(prefix) for prefix in foreign_prefixes(LARGE_DECK)]
    large: list[Zone] = [
        replace(zone, prefixes=tuple(prefixes[place :: len(abroad)]))
        for place, zone in enumerate(abroad)
    ]
    seconds = best_of(
        2,
        lambda: timed(
            lambda: compile_tariffs(plans, zones=[*others, *large], time_zone=settings.TIME_ZONE)
        )[0],
    )
    count = len(prefixes)
    setting.tell(Figure("deck compiled", seconds, "s", most=2, note=f"{count:,} prefixes"))
