"""A chart in the terminal: bars, or a table where two fields cross, and what is to be said of it."""

from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from headwater.analytics.drawing import Drawing
from headwater.analytics.told import Told
from headwater.cli import say
from headwater.cli.texts import text

BAR = 32
"""Cells that the longest bar takes."""

MOST_LINES = 8
"""Series that stand beside each other; with more of them every group has a row of its own."""

EIGHTHS = " ▏▎▍▌▋▊▉"


def show(told: Told) -> None:
    """The chart, its figure and all that its document says in words."""
    document = told.document()
    say.console.print(Text(told.title, style="bold"))
    period = document["period"]
    days = " – ".join(filter(None, (period["from"], period["to"])))
    say.plain(f"{days or text('figures_always')} · {period['zone']}")
    drawing = told.drawing
    if drawing.answer.asked.x is not None:
        _groups(drawing)
    for one in document["whole"] or [{"text": document["text"], "records": 0}]:
        say.line("figures_whole", value=one["text"], records=say.number(one["records"]))
    _compared(document["comparison"])
    for one in document["filters"]:
        say.plain(f"{one['field']} {one['is']}")
    say.plain(document["definition"]["description"])
    for note in document["notes"]:
        say.plain(f"· {note}")
    given = told.given
    if given.complete_to is not None:
        seconds = max(0, round((datetime.now(UTC) - given.complete_to).total_seconds()))
        say.line("figures_age", age=told.spoken.length(seconds))


def _compared(comparison: dict[str, object] | None) -> None:
    if comparison is None:
        return
    change, period = comparison["change"], comparison["period"]
    percent = "–" if not isinstance(change, float) else f"{change * 100:+.1f} %"
    if isinstance(period, dict):
        days = f"{period['from']} – {period['to']}"
        say.line("figures_before", value=comparison["text"], change=percent, days=days)


def _groups(drawing: Drawing) -> None:
    lines = drawing.lines
    if not drawing.rows or not lines:
        say.line("figures_none")
    elif len(lines) == 1:
        _bars(drawing)
    elif len(lines) <= MOST_LINES:
        _crossed(drawing)
    else:
        _listed(drawing)


def _bars(drawing: Drawing) -> None:
    [line] = drawing.lines
    found = [(row.label, drawing.cells.get((row.key, line))) for row in drawing.rows]
    values = [drawing.drawn(figure) or 0.0 for _, figure in found]
    most = max(map(abs, values), default=0.0)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for (label, figure), value in zip(found, values, strict=True):
        table.add_row(Text(label), Text(drawing.said(figure, line)), Text(_bar(value, most)))
    say.console.print(table)


def _bar(value: float, most: float) -> str:
    """As long as the value beside the largest, to an eighth of a cell; what is below nought has none."""
    eighths = round(BAR * 8 * value / most) if most > 0 and value > 0 else 0
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


def _crossed(drawing: Drawing) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(drawing.axis_title(drawing.answer.asked.x)), overflow="fold")
    for line in drawing.lines:
        table.add_column(Text(line.label), justify="right")
    for row in drawing.rows:
        cells = [drawing.said(drawing.cells.get((row.key, line)), line) for line in drawing.lines]
        table.add_row(Text(row.label), *map(Text, cells))
    say.console.print(table)


def _listed(drawing: Drawing) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for row in drawing.rows:
        for line in drawing.lines:
            figure = drawing.cells.get((row.key, line))
            if figure is not None:
                table.add_row(Text(row.label), Text(line.label), Text(drawing.said(figure, line)))
    say.console.print(table)
