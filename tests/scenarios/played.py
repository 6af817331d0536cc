"""A year told as acts by their day, lived night by night beside the plain books."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from tests.scenarios.compared import prove
from tests.scenarios.lived import Life

Act = Callable[[], Any]


def play(
    life: Life,
    acts: Mapping[date, Sequence[Act]],
    *,
    until: date,
    every_day: Callable[..., None],
    uses_on: int,
) -> Life:
    """
    Live up to a day; the books are proved half-yearly, in a whole life each month.

    Unless the life is whole, usage comes on one day of the month only.
    """
    while life.today < until:
        every_day(life, uses=life.whole or life.today.day == uses_on)
        for act in acts.get(life.today, []):
            act()
        life.night()
        if life.today.day == 1 and (life.whole or life.today.month in {1, 7}):
            prove(life)
    return life
