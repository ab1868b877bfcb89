"""Every chart there is. A new one is one entry in CHARTS; pages draw whatever option object it makes.

Options are plain JSON for ECharts. Texts of a CRM stand in them as data and nowhere else: there are no
functions, no HTML, and hints are drawn as text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from headwater.analytics.configs import ChartConfig
from headwater.analytics.drawing import RECORDS, Drawing
from headwater.analytics.notes import Note
from headwater.analytics.questions import Misasked
from headwater.analytics.spoken import NOTHING
from headwater.core.said import Said

Option = dict[str, Any]
AXES = ("x_field", "group_by")
OTHERS = Said("Others", "Остальные", "Boshqalar")


@dataclass(frozen=True, slots=True)
class Chart:
    """A kind of chart: what it is good for, how many fields it groups by at least and at most, which ones it
    takes by itself where none is given, and how it is drawn (None: its document says it all). `whole`: it
    shows parts of a whole."""

    name: str
    title: Said
    about: Said
    draw: Callable[[Drawing], Option] | None
    least: int = 1
    most: int = 2
    usual: Sequence[str] = ()
    whole: bool = False


def fitted(config: ChartConfig) -> tuple[ChartConfig, list[Note]]:
    """A config with as many axes as its chart has, and what was done to it. Raises Misasked, naming the field
    that is missing, where nothing can be meant but one cannot know what."""
    chart = CHARTS[config.chart_type]
    given = [name for name in AXES if getattr(config, name)]
    changes: dict[str, str | None] = {}
    if not given and chart.usual:
        changes = dict(zip(AXES, chart.usual, strict=False))
        notes = [Note("taken", {"field": f, "value": v, "chart": chart.name}) for f, v in changes.items()]
        return config.model_copy(update=changes), notes
    if len(given) < chart.least:
        missing = next(name for name in AXES if name not in given)
        raise Misasked(
            missing,
            f"a {chart.name} groups by {chart.least} of x_field and group_by: name a field in {missing}",
        )
    changes = dict.fromkeys(given[chart.most :])
    notes = [Note("left_out", {"field": field, "chart": chart.name}) for field in changes]
    return config.model_copy(update=changes), notes


def option(drawing: Drawing) -> Option | None:
    """What ECharts draws; None for what is a figure or a table."""
    draw = CHARTS[drawing.config.chart_type].draw
    return None if draw is None else {"title": {"text": drawing.title}, **draw(drawing)}


def _series(kind: str, **more: Any) -> Callable[[Drawing], Option]:
    """Values over an axis of groups, a series for each line."""

    def draw(drawing: Drawing) -> Option:
        lines = drawing.lines
        source = [["group", *(name for at in range(len(lines)) for name in (f"value{at}", f"said{at}"))]]
        for row in drawing.rows:
            told: list[Any] = [row.label]
            for line in lines:
                figure = drawing.cells.get((row.key, line))
                told += [drawing.drawn(figure), drawing.said(figure, line)]
            source.append(told)
        return {
            **_hints("axis"),
            **_legend(len(lines)),
            "grid": {"containLabel": True},
            "dataset": _dataset(source),
            "xAxis": {"type": "category", "name": drawing.axis_title(drawing.answer.asked.x)},
            "yAxis": _values(drawing),
            "series": [
                {
                    "type": kind,
                    "name": line.label or _metric(drawing),
                    "encode": {"x": "group", "y": f"value{at}", "tooltip": [f"said{at}"]},
                    **more,
                }
                for at, line in enumerate(lines)
            ],
        }

    return draw


def _round(radius: Any) -> Callable[[Drawing], Option]:
    def draw(drawing: Drawing) -> Option:
        items = _items(drawing)
        rest = drawing.answer.rest
        if rest is not None and rest > 0:
            said = drawing.spoken.figure(rest, drawing.unit, drawing.answer.asked.display)
            items.append([drawing.spoken.of(OTHERS), round(float(rest / drawing.scale.by), 4), said])
        return {
            **_hints("item"),
            "legend": {"type": "scroll", "bottom": 0},
            "dataset": _dataset(items),
            "series": [
                {
                    "type": "pie",
                    "name": _metric(drawing),
                    "radius": radius,
                    "label": {"formatter": "{b}: {d} %"},
                    **_item_encode(),
                }
            ],
        }

    return draw


def _funnel(drawing: Drawing) -> Option:
    return {
        **_hints("item"),
        "dataset": _dataset(_items(drawing)),
        "series": [
            {
                "type": "funnel", "name": _metric(drawing), "sort": "none",
                "label": {"formatter": "{b}: {@said}"}, **_item_encode(),
            }
        ],
    }  # fmt: skip


def _squares(drawing: Drawing) -> Option:
    """One axis across, one up, and the value as a shade."""
    lines, rows = drawing.lines, drawing.rows
    source: list[Any] = [["group", "line", "value", "said"]]
    for row in rows:
        for line in lines:
            figure = drawing.cells.get((row.key, line))
            if figure is not None:
                source.append(
                    [
                        row.label,
                        _label(drawing, line.label),
                        drawing.drawn(figure),
                        drawing.said(figure, line),
                    ]
                )
    values = [row[2] for row in source[1:] if row[2] is not None]
    asked = drawing.answer.asked
    called = {"line": drawing.axis_title(asked.g), "said": _metric(drawing)}
    return {
        **_hints("item"),
        "grid": {"containLabel": True},
        "dataset": _dataset(source, called),
        "xAxis": {
            "type": "category", "name": drawing.axis_title(asked.x), "data": [row.label for row in rows],
        },
        "yAxis": {
            "type": "category", "name": drawing.axis_title(asked.g), "inverse": True,
            "data": [_label(drawing, line.label) for line in lines],
        },
        "visualMap": {
            "min": min(values, default=0), "max": max(values, default=0), "dimension": "value",
            "calculable": True, "orient": "horizontal", "left": "center", "bottom": 0,
        },
        "series": [
            {
                "type": "heatmap", "name": _metric(drawing),
                "encode": {"x": "group", "y": "line", "value": "value", "tooltip": ["line", "said"]},
            }
        ],
    }  # fmt: skip


def _points(drawing: Drawing) -> Option:
    """Each group a point: how many records it has across, its value up."""
    source: list[Any] = [["records", "value", "group", "said"]]
    for row in drawing.rows:
        for line in drawing.lines:
            figure = drawing.cells.get((row.key, line))
            if figure is not None:
                name = " · ".join(filter(None, (row.label, line.label)))
                source.append([figure.records, drawing.drawn(figure), name, drawing.said(figure, line)])
    called = {"records": drawing.spoken.of(RECORDS), "said": _metric(drawing)}
    return {
        **_hints("item"),
        "grid": {"containLabel": True},
        "dataset": _dataset(source, called),
        "xAxis": {"type": "value", "name": drawing.spoken.of(RECORDS), "minInterval": 1},
        "yAxis": _values(drawing),
        "series": [
            {
                "type": "scatter", "name": _metric(drawing),
                "encode": {"x": "records", "y": "value", "itemName": "group", "tooltip": ["records", "said"]},
            }
        ],
    }  # fmt: skip


def _items(drawing: Drawing) -> list[list[Any]]:
    """Groups with their values under a head, where there is one axis alone."""
    found: list[list[Any]] = [["group", "value", "said"]]
    for row in drawing.rows:
        for line in drawing.lines:
            figure = drawing.cells.get((row.key, line))
            if figure is not None:
                name = " · ".join(filter(None, (row.label, line.label)))
                found.append([name, drawing.drawn(figure), drawing.said(figure, line)])
    return found


def _dataset(source: Sequence[Sequence[Any]], called: Mapping[str, str] = MappingProxyType({})) -> Option:
    """Rows under their head; what hints name is `called` so there."""
    names = [{"name": name, "displayName": called.get(name, name)} for name in source[0]]
    return {"dimensions": names, "source": list(source), "sourceHeader": True}


def _item_encode() -> Option:
    return {"encode": {"itemName": "group", "value": "value", "tooltip": ["said"]}}


def _hints(trigger: str) -> Option:
    """What is shown over a point is text: a name from a CRM is no HTML."""
    return {"aria": {"enabled": True}, "tooltip": {"trigger": trigger, "renderMode": "richText"}}


def _legend(lines: int) -> Option:
    return {"legend": {"type": "scroll", "bottom": 0}} if lines > 1 else {}


def _values(drawing: Drawing) -> Option:
    """The axis of values. Its name is the unit."""
    whole = {"minInterval": 1} if drawing.unit == "number" and drawing.answer.asked.metric.adds_up else {}
    return {"type": "value", "name": drawing.scale.unit or _metric(drawing), **whole}


def _metric(drawing: Drawing) -> str:
    return drawing.spoken.of(drawing.answer.asked.metric.title)


def _label(drawing: Drawing, words: str) -> str:
    return words or drawing.spoken.of(NOTHING)


_EVERY: Sequence[Chart] = (
    Chart(
        "bar", Said("Bars", "Столбцы", "Ustunlar"),
        Said("groups beside each other", "группы рядом", "guruhlar yonma-yon"), _series("bar"),
        usual=("time",),
    ),
    Chart(
        "line", Said("Line", "Линия", "Chiziq"),
        Said("what goes on in time", "ход во времени", "vaqt davomida"),
        _series("line", connectNulls=False), usual=("time",),
    ),
    Chart(
        "area", Said("Area", "Область", "Soha"),
        Said("the same, filled", "то же, с заливкой", "shu, to‘ldirilgan"),
        _series("line", areaStyle={}), usual=("time",),
    ),
    Chart(
        "pie", Said("Pie", "Круг", "Doira"), Said("parts of a whole", "части целого", "yaxlitning qismlari"),
        _round("65%"), most=1, whole=True,
    ),
    Chart(
        "donut", Said("Donut", "Кольцо", "Halqa"),
        Said("parts of a whole", "части целого", "yaxlitning qismlari"),
        _round(["40%", "65%"]), most=1, whole=True,
    ),
    Chart(
        "stacked_bar", Said("Stacked bars", "Столбцы с накоплением", "Yig‘ma ustunlar"),
        Said("groups, and what they are made of", "группы и их состав", "guruhlar va tarkibi"),
        _series("bar", stack="whole"), usual=("time",), whole=True,
    ),
    Chart(
        "funnel", Said("Funnel", "Воронка", "Voronka"),
        Said("stages in their order", "стадии по порядку", "bosqichlar tartib bilan"), _funnel, most=1,
        usual=("stage",),
    ),
    Chart(
        "kpi", Said("Key figure", "Показатель", "Ko‘rsatkich"),
        Said("one figure beside an earlier one", "одна цифра рядом с прежней", "bitta raqam avvalgisi bilan"),
        None, least=0, most=0,
    ),
    Chart(
        "heatmap", Said("Heat map", "Тепловая карта", "Issiqlik xaritasi"),
        Said("two fields, the value as a shade", "два поля, значение цветом", "ikki maydon, qiymat rangda"),
        _squares, least=2, usual=("hour", "weekday"),
    ),
    Chart(
        "cohort", Said("Cohorts", "Когорты", "Kogortalar"),
        Said(
            "when they came, and when they did it", "когда пришли и когда сделали",
            "qachon kelgan va qachon qilgan",
        ),
        _squares, least=2, usual=("closed_at:month", "created_at:month"),
    ),
    Chart(
        "table", Said("Table", "Таблица", "Jadval"),
        Said("rows and columns", "строки и столбцы", "qator va ustunlar"), None, least=0,
    ),
    Chart(
        "scatter", Said("Scatter", "Точки", "Nuqtalar"),
        Said(
            "groups by how many records they have and by their value",
            "группы по числу записей и по значению",
            "guruhlar yozuvlar soni va qiymati bo‘yicha",
        ),
        _points,
    ),
)  # fmt: skip

CHARTS: Mapping[str, Chart] = MappingProxyType({one.name: one for one in _EVERY})
"""By the word that `chart_type` names them by."""
