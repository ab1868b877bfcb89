"""What can be said of some data: its times, amounts and dimensions, and the fields a company added."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from headwater.analytics.countable import YES_NO, Amount, Data, Dimension
from headwater.analytics.vocabulary import Vocabulary
from headwater.core.model import Kind
from headwater.core.said import Said

TIMES: Mapping[str, Said] = {
    "created_at": Said("Created", "Создано", "Yaratilgan"),
    "closed_at": Said("Closed", "Закрыто", "Yopilgan"),
    "modified_at": Said("Changed", "Изменено", "O‘zgargan"),
    "started_at": Said("Began", "Начало", "Boshlangan"),
    "deadline_at": Said("Deadline", "Срок", "Muddat"),
    "entered_at": Said("Came to the stage", "Пришла на стадию", "Bosqichga kelgan"),
    "last_at": Said("Last purchase", "Последняя покупка", "Oxirgi xarid"),
    "first_at": Said("First purchase", "Первая покупка", "Birinchi xarid"),
}
RECORD_BOOKS = frozenset({"companies", "contacts", "products"})
"""Books too thick to be known by heart."""


class Catalog:
    """What several data have in common; of one alone also the fields of its own."""

    def __init__(self, data: Sequence[Data], known: Vocabulary) -> None:
        self.data = data
        self.known = known

    @cached_property
    def times(self) -> Sequence[str]:
        return _shared(one.times for one in self.data)

    @cached_property
    def dimensions(self) -> Mapping[str, Dimension]:
        found = {name: self.data[0].dimensions[name] for name in _shared(d.dimensions for d in self.data)}
        for one in self.known.own:
            if len(self.data) > 1 or one.entity != self.data[0].custom or one.name in found:
                continue
            found[one.name] = Dimension(
                one.name,
                Said(one.label, one.label, one.label),
                "",
                ("labels", one.entity, one.name),
                values=YES_NO if one.kind is Kind.FLAG else {},
                custom=one.name,
            )
        return found

    @cached_property
    def amounts(self) -> Mapping[str, Amount]:
        """What can be added up: declared amounts, and numbers among the fields of one's own."""
        if len(self.data) > 1:
            return {}
        own = {
            one.name: Amount(one.name, Said(one.label, one.label, one.label), "", custom=one.name)
            for one in self.known.own
            if one.entity == self.data[0].custom and one.kind in (Kind.INTEGER, Kind.NUMBER)
        }
        return {**own, **self.data[0].amounts}

    @cached_property
    def titles_of_dimensions(self) -> Mapping[str, Sequence[str]]:
        return {name: (*one.title, *one.words) for name, one in self.dimensions.items()}

    @cached_property
    def titles_of_amounts(self) -> Mapping[str, Sequence[str]]:
        return {name: tuple(one.title) for name, one in self.amounts.items()}

    @cached_property
    def titles_of_times(self) -> Mapping[str, Sequence[str]]:
        return {name: tuple(TIMES[name]) for name in self.times}


def _shared(several: Iterable[Iterable[str]]) -> list[str]:
    """What is in all of them, in the order of the first."""
    first, *others = [list(one) for one in several]
    return [one for one in first if all(one in other for other in others)]
