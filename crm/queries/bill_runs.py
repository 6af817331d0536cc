"""
Bill runs as the desk sees them: figures, a chart against last month, outliers, what is parked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from crm.domain.charts import Chart, bar, chart
from crm.queries import staff
from invoicing.domain.bill_runs import BANDS
from invoicing.models import BillRun, DraftBill, ParkedBill
from invoicing.queries import bill_runs as queries
from invoicing.queries.bill_runs import RunTotals, StateSum


@dataclass(frozen=True, slots=True)
class BandOnDesk:
    """Bills of one band of change, with the length of its bar in thousandths."""

    name: str
    bills: int
    gross: Decimal
    bar: int
    is_usual: bool


@dataclass(frozen=True, slots=True)
class Outlier:
    """A draft with something unusual."""

    draft: DraftBill
    difference: Decimal
    flags: Sequence[str]


@dataclass(frozen=True, slots=True)
class RunOnDesk:
    """Everything about a run."""

    run: BillRun
    totals: RunTotals
    bands: Sequence[BandOnDesk]
    chart: Chart
    outliers: Sequence[Outlier]
    started_by: str
    decided_by: str

    @property
    def parked(self) -> StateSum:
        """Drafts that were parked."""
        return self.totals.by_state.get("parked", StateSum())

    @property
    def issued(self) -> StateSum:
        """Drafts that became bills."""
        return self.totals.by_state.get("issued", StateSum())

    @property
    def left(self) -> StateSum:
        """Drafts that aren't true any more."""
        return self.totals.by_state.get("left", StateSum())

    @property
    def is_at_work(self) -> bool:
        """Whether a task works at it now."""
        return self.run.state in {BillRun.State.DRAFTING, BillRun.State.APPROVED}


def find_run(run_id: int, *, flag: str = "") -> RunOnDesk | None:
    """Return a run with its figures, or None; `flag` narrows the outliers."""
    run = BillRun.objects.select_related("legal_entity").filter(pk=run_id).first()
    if run is None:
        return None
    names = staff.names_of({run.started_by, run.decided_by})
    bands = _bands(run_id)
    return RunOnDesk(
        run=run,
        totals=queries.get_totals(run_id),
        bands=bands,
        chart=chart(
            {(place, "bills"): band.bills for place, band in enumerate(bands)},
            keys=range(len(bands)),
        ),
        outliers=[_outlier(each) for each in queries.list_outliers(run_id, flag=flag)],
        started_by=names.get(run.started_by, run.started_by),
        decided_by=names.get(run.decided_by, run.decided_by),
    )


def list_runs(*, before: int = 0) -> list[tuple[BillRun, RunTotals]]:
    """Return a page of runs with their figures, newest first."""
    return [(run, queries.get_totals(run.pk)) for run in queries.list_runs(before=before)]


def list_parked() -> list[ParkedBill]:
    """Return the accounts that are parked."""
    return queries.list_parked()


def _bands(run_id: int) -> list[BandOnDesk]:
    found = {band.place: band for band in queries.get_distribution(run_id)}
    most = max((band.bills for band in found.values()), default=0)
    usual = len(BANDS) // 2
    bands = []
    for place in range(len(BANDS) + 2):
        band = found.get(place)
        bills = band.bills if band else 0
        gross = band.gross if band else Decimal(0)
        bands.append(BandOnDesk(_name(place), bills, gross, bar(bills, most), place == usual))
    return bands


def _name(place: int) -> str:
    if place == len(BANDS) + 1:
        return _("no bill last month")
    if place == 0:
        return _("less by more than %(percent)s %%") % {"percent": -BANDS[0]}
    if place == len(BANDS):
        return _("more by more than %(percent)s %%") % {"percent": BANDS[-1]}
    low, high = BANDS[place - 1], BANDS[place]
    if low < 0 < high:
        return _("about the same, up to %(percent)s %%") % {"percent": high}
    if high < 0:
        return _("less by %(low)s–%(high)s %%") % {"low": -high, "high": -low}
    return _("more by %(low)s–%(high)s %%") % {"low": low, "high": high}


def _outlier(draft: DraftBill) -> Outlier:
    return Outlier(draft, draft.gross - (draft.former_gross or 0), draft.flags.split(","))
