"""
A percent of an amount, with a fee per event and limits for each event.
"""

from dataclasses import dataclass
from fractions import Fraction

from tariffs.domain.price_models.breakdown import Breakdown, Part
from tariffs.domain.price_models.ranges import ZERO
from tariffs.domain.price_models.terms import Terms


@dataclass(frozen=True, slots=True)
class Percentage:
    """
    A percent of the quantity, which is an amount of money.

    A record is one event unless the terms say what it sums up: `events`, amounts each priced (and
    limited) on its own, or just how many they were (`event_count`), so that only the fee is known.
    """

    percent: Fraction
    fixed_fee: Fraction = ZERO
    event_min: Fraction | None = None
    event_max: Fraction | None = None
    events: tuple[Fraction, ...] | None = None
    event_count: Fraction | None = None

    @classmethod
    def read(cls, terms: Terms) -> "Percentage":
        """Take the model's terms."""
        return cls(
            percent=terms.number("percent"),
            fixed_fee=terms.number("fixed_fee", default=ZERO),
            event_min=terms.optional("per_event_min"),
            event_max=terms.optional("per_event_max"),
            events=terms.numbers("events"),
            event_count=terms.optional("event_count"),
        )

    def price(self, quantity: Fraction) -> Breakdown:
        """
        Return the price of an amount.

        >>> model = Percentage(Fraction(3), event_min=Fraction(1), event_max=Fraction(5))
        >>> [str(model.price(Fraction(amount)).amount) for amount in (10, 100, 1000)]
        ['1', '3', '5']
        """
        if self.events is None and self.event_count is not None:
            fee = self.fixed_fee * self.event_count
            amount = quantity * self.percent / 100 + fee
            part = Part("percent", quantity, self.percent / 100, fee, amount)
            return Breakdown(amount, (part,))
        events = (quantity,) if self.events is None else self.events
        parts = tuple(self._event(event) for event in events)
        return Breakdown(sum((part.amount for part in parts), ZERO), parts)

    def _event(self, event: Fraction) -> Part:
        amount = event * self.percent / 100 + self.fixed_fee
        if self.event_min is not None:
            amount = max(amount, self.event_min)
        if self.event_max is not None:
            amount = min(amount, self.event_max)
        return Part("event", event, self.percent / 100, self.fixed_fee, amount)
