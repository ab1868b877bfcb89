"""Writes the lists of docs/numbers.md anew, from the declarations: python docs/definitions.py"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from headwater.analytics.catalog import TIMES
from headwater.analytics.charts import CHARTS
from headwater.analytics.data import DATA
from headwater.analytics.metrics import METRICS, Ratio
from headwater.core.said import Said

PAGE = Path(__file__).with_name("numbers.md")
UNITS = {"number": "", "money": "money", "share": "%", "days": "days", "seconds": "time"}
GOOD = {"up": "↑", "down": "↓", None: ""}


def metrics() -> str:
    """Every metric with its definition in both languages."""
    rows = []
    for one in METRICS.values():
        time = f"{one.over} / {one.under}" if isinstance(one, Ratio) else one.time or "now"
        data = "" if isinstance(one, Ratio) else one.data
        about = f"**{one.title.en}.** {one.description.en}<br>*{one.title.ru}.* {one.description.ru}"
        rows.append((f"`{one.slug}`", about, data, time, f"{UNITS[one.unit]} {GOOD[one.good]}".strip()))
    return _table(("Metric", "What exactly it is", "Rows", "By", "Unit"), rows)


def data() -> str:
    """Every kind of rows with its times, amounts and dimensions."""
    rows = [
        (
            f"`{one.name}`", f"{one.title.en} · {one.title.ru}", _words(one.times), _words(one.amounts),
            _words(one.dimensions),
        )
        for one in DATA.values()
    ]  # fmt: skip
    return _table(("data_source", "", "Times", "Amounts", "Dimensions"), rows)


def dimensions() -> str:
    """What times and dimensions are called."""
    named: dict[str, Said] = {}
    for one in (one for data in DATA.values() for one in data.dimensions.values()):
        named.setdefault(one.name, one.title)
    clocks = {name: TIMES[name] for one in DATA.values() for name in one.times}
    rows = [(f"`{name}`", said.en, said.ru, said.uz) for name, said in sorted({**named, **clocks}.items())]
    return _table(("Field", "English", "По-русски", "O‘zbekcha"), rows)


def charts() -> str:
    """Every type of chart with what it needs."""
    rows = []
    for one in CHARTS.values():
        fields = str(one.least) if one.least == one.most else f"{one.least} to {one.most}"
        rows.append((f"`{one.name}`", f"{one.about.en} · {one.about.ru}", fields, _words(one.usual)))
    return _table(("chart_type", "Shows", "Fields", "Without any"), rows)


def written(page: str) -> str:
    """The page with its lists as they should be."""
    lists = {"metrics": metrics(), "data": data(), "dimensions": dimensions(), "charts": charts()}
    for name, lines in lists.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        page = before + begin + lines + end + rest.partition(end)[2]
    return page


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
