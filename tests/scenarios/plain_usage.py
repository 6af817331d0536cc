"""
What calls and data should cost, second by second on the wall clock of the deck's zone.

A call is walked in whole minutes; each begun minute costs the price of the hour in which it begins,
in real elapsed time, so that the hours that a change of the clock repeats or leaves out count as
people live them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.scenarios.plain_fees import rounded

ZONE = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
MEBIBYTE = 1_048_576
#: Nights are cheaper, from nine in the evening until three: the hour at which clocks change.
NIGHT_FROM, NIGHT_TO = time(21), time(3)
#: Zone -> (price of a minute by day, by night, fee of the connection).
VOICE = {
    "home": (Decimal("1.20"), Decimal("0.55"), Decimal(0)),
    "abroad": (Decimal("19.99"), Decimal("7.77"), Decimal("1.50")),
}
MESSAGE = Decimal("2.50")
DATA = Decimal("0.37")
PREFIXES = {"7921": "home", "7812": "home", "49": "abroad"}


@dataclass(frozen=True)
class Use:
    """A record of a switch: `quantity` are seconds, messages or bytes."""

    kind: str
    began: datetime
    quantity: int
    to: str = ""

    @property
    def zone(self) -> str:
        return next((zone for prefix, zone in PREFIXES.items() if self.to.startswith(prefix)), "")

    @property
    def cost(self) -> Decimal:
        return {"voice": self._call, "sms": self._messages, "data": self._data}[self.kind]()

    def _call(self) -> Decimal:
        by_day, by_night, fee = VOICE[self.zone]
        if not self.quantity:
            return Decimal("0.00")
        total, moment = fee, self.began.astimezone(UTC)
        end = moment + timedelta(seconds=self.quantity)
        while moment < end:
            hour = moment.astimezone(ZONE).time()
            total += by_night if hour >= NIGHT_FROM or hour < NIGHT_TO else by_day
            moment += MINUTE
        return rounded(total)

    def _messages(self) -> Decimal:
        return rounded(MESSAGE * self.quantity)

    def _data(self) -> Decimal:
        return rounded(DATA * -(-self.quantity // MEBIBYTE))
