"""Which record a key means: the value of a section's key column, and the id its record has."""

from collections.abc import Iterable

from headwater.sandbox.bitrix24.plans import Group
from headwater.sandbox.bitrix24.takes import Drawn
from headwater.sandbox.bitrix24.words import number


class Ledger:
    """The ids of all records, given before any of them is made, so that they may refer to each other."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._keys: dict[str, dict[str, int]] = {}
        self._given: dict[str, dict[int, str]] = {}
        for group in groups:
            self._number(group)

    def id_of(self, name: str, drawn: Drawn, text: str, at: int) -> int | None:
        """The record of a section that has a key. A key that none has is an error; with a `default` that one
        is looked up instead, and may be none's."""
        keys = self._keys.get(name, {})
        if text in keys:
            return keys[text]
        if drawn.take.default is not None:
            return keys.get(drawn.take.default)
        raise drawn.wrong(
            at, f"{text!r} is the key of none of the {name}; add it there, map it, or give a default"
        )

    def _number(self, group: Group) -> None:
        """Ids of the lines of a section: mapped ones, or one after the other after those of the last one."""
        given = self._given.setdefault(group.entity, {})
        keys = self._keys.setdefault(group.name, {})
        own = group.fields.get("ID")
        step = group.spec.step
        free = group.spec.first_id or (max(given) + step if given else 1)
        for at in group.picked.lines:
            text = own[0].text(at) if own else ""
            read = number(text, "ID", own[0], at) if own and text else None
            if read is not None and (read != int(read) or not 0 < read < 1 << 62):
                raise group.picked.sheet.wrong(at, own[0].take.column if own else "", f"{text!r} is no id")
            record_id, free = (int(read), free) if read is not None else (free, free + step)
            place = f"{group.picked.sheet.path.name}, line {group.picked.sheet.numbers[at]}"
            if record_id in given:
                raise group.picked.sheet.wrong(
                    at, "", f"its id {record_id} is also that of {given[record_id]}; give another `first_id`"
                )
            given[record_id] = place
            group.ids[at] = record_id
            self._key(group, keys, given, at)

    def _key(self, group: Group, keys: dict[str, int], given: dict[int, str], at: int) -> None:
        sheet, column = group.picked.sheet, group.keyed
        key = sheet.lines[at][column].strip() if column else ""
        if not key:
            return
        if key in keys:
            raise sheet.wrong(
                at, column, f"{key!r} is the key of {given[keys[key]]} too; take the first with `each`"
            )
        keys[key] = group.ids[at]
