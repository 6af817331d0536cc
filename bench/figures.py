"""
What a measurement prints: a figure, and where there is one, the gate it must pass.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A figure with its gate: at least `least`, or at most `most`; neither = for information.

    `note` stands behind it.
    """

    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def passes(self) -> bool | None:
        """Whether the gate is passed; None without one."""
        if self.least is not None:
            return self.value >= self.least
        if self.most is not None:
            return self.value <= self.most
        return None

    def __str__(self) -> str:
        shown = f"{self.value:,.0f}" if abs(self.value) >= 100 else f"{self.value:,.2f}"
        mark = {None: "    ", True: "ok  ", False: "MISS"}[self.passes]
        gate = f"≥ {self.least:,g}" if self.least is not None else ""
        gate = f"≤ {self.most:,g}" if self.most is not None else gate
        return f"{mark} {self.name:<44} {shown:>12} {self.unit:<10} {gate:<9} {self.note}".rstrip()
