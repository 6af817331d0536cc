"""
The night's summary as a table for the terminal.
"""

from rich.table import Table

from billing_project.night import NightReport, Summary


def summary_table(report: NightReport) -> Table:
    """Return the table: a row per step, its figures, its seconds."""
    table = Table(title=f"Night of {report.business_date:%d.%m.%Y}", title_justify="left")
    table.add_column("step")
    table.add_column("what came of it")
    table.add_column("seconds", justify="right")
    for step in report.steps:
        table.add_row(step.step, "\n".join(_lines(step.summary)), f"{step.seconds:.1f}")
    table.add_row("total", "", f"{sum(step.seconds for step in report.steps):.1f}")
    return table


def _lines(summary: Summary) -> list[str]:
    lines = []
    for name, value in summary.items():
        if isinstance(value, dict):
            lines.append(f"{name}:" if value else f"{name}: none")
            lines.extend(f"  {key}: {_figure(inner)}" for key, inner in sorted(value.items()))
        else:
            lines.append(f"{name}: {_figure(value)}")
    return lines


def _figure(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return str(value)
