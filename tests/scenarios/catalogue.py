"""What the operator of the played years sells: in the product, and as plain offers."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tariffs import operations as tariffs
from tariffs.domain.drafts import BandDraft, BundlePartDraft, RateDraft, TermsDraft
from tariffs.models import MoveRule, RateDeck, Zone, ZonePrefix
from tests.integration.invoicing.household import make_plan, make_version
from tests.integration.invoicing.offers import make_package
from tests.scenarios import plain_usage
from tests.scenarios.lived import Life
from tests.scenarios.plain_fees import Terms
from tests.scenarios.plain_services import Offer

SINCE = date(2025, 1, 1)
PUBLISHED = datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
CLASSES = {"home": "local", "abroad": "international"}
BANDS = (
    BandDraft("day", "День", "Day", from_second=3 * 3600, to_second=21 * 3600),
    BandDraft("night", "Ночь", "Night", from_second=21 * 3600, to_second=3 * 3600),
)
ANY = BandDraft("any", "Всегда", "Always")
#: code -> (fee, service, terms): plans with calls and messages are mobile.
PLANS = {
    "plain": ("310.00", "mobile", {}),
    "thirty": ("777.77", "mobile", {"proration": "fixed_30"}),
    "after": ("450.50", "mobile", {"fee_timing": "arrears"}),
    "daily": ("9.99", "mobile", {"fee_period": "day"}),
    "free": ("0.00", "mobile", {}),
    "net": ("500.00", "internet", {}),
    "fast": ("890.90", "internet", {}),
    "tv": ("250.00", "iptv", {}),
    "office": ("1234.56", "mobile", {"tax_included": False}),
    "trunk": ("5000.00", "internet", {"tax_included": False, "fee_timing": "arrears"}),
}
PACKAGES = {
    "roam": ("93.00", {}),
    "late": ("33.33", {"proration": "fixed_30", "fee_timing": "arrears"}),
    "drip": ("1.50", {"fee_period": "day"}),
    "gift": ("50.00", {"fee_period": "once"}),
    "guard": ("93.00", {"services": ["internet"]}),
}


def make_decks() -> dict[str, RateDeck]:
    """Prices of calls, messages and data, in the hours of Berlin."""
    for code, zone_class in CLASSES.items():
        zone = Zone.objects.create(code=code, name_ru=code, name_en=code, zone_class=zone_class)
        prefixes = [one for one, of in plain_usage.PREFIXES.items() if of == code]
        ZonePrefix.objects.bulk_create(ZonePrefix(zone=zone, prefix=one) for one in prefixes)
    voice = [
        RateDraft(band, price, zone_class=CLASSES[zone], connection_fee=prices[2])
        for zone, prices in plain_usage.VOICE.items()
        for band, price in zip(("day", "night"), prices[:2], strict=True)
    ]
    mebibyte = plain_usage.MEBIBYTE
    return {
        "voice": _deck("voice", BANDS, voice, step=60),
        "sms": _deck("sms", (ANY,), [RateDraft("any", plain_usage.MESSAGE, unit=1)], step=1),
        "data": _deck(
            "data", (ANY,), [RateDraft("any", plain_usage.DATA, unit=mebibyte)], step=mebibyte
        ),
    }


def _deck(
    kind: str, bands: tuple[BandDraft, ...], rates: list[RateDraft], *, step: int
) -> RateDeck:
    deck = tariffs.create_deck(code=kind, name=kind, usage_kind=kind)
    version = tariffs.draft_deck_version(
        deck=deck,
        valid_from=SINCE,
        bands=bands,
        rates=rates,
        terms=[TermsDraft(first_increment=step, next_increment=step)],
        time_zone="Europe/Berlin",
    )
    tariffs.publish_deck_version(version_id=version.pk, now=PUBLISHED)
    return deck


def stock(life: Life, *codes: str) -> None:
    """Sell these plans and packages; to the plan «free» one moves from the next period on."""
    decks = make_decks()
    MoveRule.objects.get_or_create(from_plan=None, to_plan=None, defaults={"timing": "now"})
    for code in codes:
        if code in PLANS:
            fee, service, terms = PLANS[code]
            more = {"decks": decks} if service == "mobile" else {}
            plan = make_plan(code, service=service)
            life.versions[code] = make_version(fee, plan=plan, **terms, **more)
        else:
            fee, terms = PACKAGES[code]
            life.versions[code] = make_package(fee, code=code, **terms)
        life.offers[code] = Offer(
            code,
            Terms(Decimal(fee), terms.get("fee_period", "month"), terms.get("proration", "actual")),
            terms.get("fee_timing", "advance"),
            terms.get("tax_included", True),
        )
    for code in {"free", "thirty"} & set(codes):
        MoveRule.objects.create(to_plan=life.versions[code].plan, timing="next_period")
        life.later.add(code)


def make_bundle(life: Life, price: str, *codes: str):
    """A bundle of plans and packages that are sold, at one price."""
    parts = [
        BundlePartDraft(plan_code=code) if code in PLANS else BundlePartDraft(package_code=code)
        for code in codes
    ]
    bundle = tariffs.create_bundle(code="home", name_ru="Дом", name_en="Home")
    draft = tariffs.draft_bundle_version(
        bundle=bundle, on_sale_from=SINCE, parts=parts, price=Decimal(price)
    )
    return tariffs.publish_bundle_version(version_id=draft.pk, now=PUBLISHED)
