"""Events as the portal posts them: what the form of one says, and how to have them sent here."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from headwater.core.errors import SkipRecord
from headwater.core.model import Bound, Notice, Tells
from headwater.sources.bitrix24.refusals import Already
from headwater.sources.bitrix24.shapes import command, section
from headwater.sources.bitrix24.telling import ONLINE, TICKED, told
from headwater.sources.bitrix24.wire import COMMANDS, Wire

PAIRS = 500  # of one form; the longest known event has thirty
DEPTH = 5
KEY = re.compile(r"([^\[\]]{1,100})((?:\[[^\[\]]{0,100}\])*)")
NAME = re.compile(r"[A-Z][A-Z0-9_.]{1,99}")
MEMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
WORD = 256  # letters of an application token; known ones have 32
SECRET = ("token", "secret", "password")
"""Keys with these in their names are kept nowhere: access_token, refresh_token, application_token."""

WORDS = {
    "en": "In Bitrix24 open Developer resources, Other, Outgoing webhook. Paste the address as the handler, "
    "tick the events listed with it and save. The portal then posts events to this address: change a deal "
    "and look whether one arrived. Keep the address secret: whoever knows it can pretend to be the portal.",
    "ru": "В Битрикс24 откройте «Разработчикам», «Другое», «Исходящий вебхук». Вставьте адрес как "
    "обработчик, отметьте перечисленные с ним события и сохраните. Портал будет присылать события на этот "
    "адрес: измените сделку и посмотрите, пришло ли событие. Держите адрес в тайне: кто его знает, может "
    "выдать себя за портал.",
}


class Ear:
    """How the portal's events are understood."""

    path: str = "bitrix"
    events: Sequence[str] = TICKED
    words: Mapping[str, str] = WORDS

    def notice(self, body: bytes) -> Notice:
        """What a posted form says. Raises SkipRecord when it is no event."""
        pairs = _pairs(body)
        form = nested(pairs)
        name = str(form.get("event", "")).upper()
        if not NAME.fullmatch(name):
            raise SkipRecord("the form is no event: it names none")
        auth = {key.lower(): value for key, value in section(form.get("auth")).items()}
        meaning = told(name, _raised(section(form.get("data"))))
        member, token = str(auth.get("member_id", "")), str(auth.get("application_token", ""))
        if not MEMBER.fullmatch(member) or not 0 < len(token) <= WORD:
            raise SkipRecord(f"{name}: it does not say which portal it comes from")
        return Notice(
            name, meaning.tells, meaning.entity, meaning.id, member, token,
            _kept(pairs, understood=meaning.tells is not Tells.NOTHING),
        )  # fmt: skip

    def tells(self, event: str, entity: str | None) -> Tells:
        """What a stored event is about; `entity` is the one it was stored with."""
        meaning = told(event, {})
        return Tells.RECORD if meaning.tells is Tells.NOTHING and entity is not None else meaning.tells


class Bell:
    """An application's wish to be told of events at an address."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def bind(self, address: str) -> Bound:
        """Has all events sent to `address`, and none to addresses we had before beside it."""
        reply = await self._wire.call("event.get", {})
        rows = [row for row in section(reply.result).values() if isinstance(row, dict)]
        ours = address.rpartition("/")[0] + "/"
        bound: list[str] = []
        refused: dict[str, str] = {}
        wanted = {name: command("event.bind", [("event", name), ("handler", address)]) for name in ONLINE}
        for at in range(0, len(ONLINE), COMMANDS):
            chunk = ONLINE[at : at + COMMANDS]
            batch = await self._wire.settle({name: wanted[name] for name in chunk})
            for name in chunk:
                exc = batch.errors.get(name)
                if exc is None or isinstance(exc, Already):
                    bound.append(name)
                else:
                    refused[name] = str(exc)
        await self._unbind([
            (str(row.get("event", "")), str(row.get("handler", "")))
            for row in rows
            if str(row.get("handler", "")).startswith(ours) and row.get("handler") != address
        ])  # fmt: skip
        return Bound(bound, refused)

    async def _unbind(self, old: Sequence[tuple[str, str]]) -> None:
        for at in range(0, len(old), COMMANDS):
            asked = {
                f"u{at + i}": command("event.unbind", [("event", name), ("handler", handler)])
                for i, (name, handler) in enumerate(old[at : at + COMMANDS])
            }
            await self._wire.settle(asked)


def nested(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The form as PHP nests it: `data[FIELDS][ID]=7` is {"data": {"FIELDS": {"ID": "7"}}}, `a[]=x` takes a
    list's next place. Of what contradicts itself the later one holds; keys that are none are passed over."""
    form: dict[str, Any] = {}
    for key, value in pairs:
        spelled = KEY.fullmatch(key)
        path = [] if spelled is None else [spelled[1], *(part[:-1] for part in spelled[2].split("[")[1:])]
        if not path or len(path) > DEPTH:
            continue
        place = form
        for part in path[:-1]:
            inner = place.get(part)
            if not isinstance(inner, dict):
                inner = place[part or str(len(place))] = {}
            place = inner
        place[path[-1] or str(len(place))] = value
    return form


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=PAIRS)
    except UnicodeDecodeError as exc:
        raise SkipRecord("the body is no form: it has bytes that a form never has") from exc
    except ValueError as exc:
        raise SkipRecord(f"the form has more than {PAIRS} fields") from exc


def _raised(data: Mapping[str, Any]) -> dict[str, Any]:
    """Keys in capitals, two levels deep."""
    return {
        key.upper(): {name.upper(): one for name, one in value.items()} if isinstance(value, dict) else value
        for key, value in data.items()
    }


def _kept(pairs: Sequence[tuple[str, str]], *, understood: bool) -> str:
    """The form without tokens. Of an event that means nothing to us only who sent it is kept: what a person
    wrote may be in it."""
    kept = [(key, value) for key, value in pairs if not any(word in key.lower() for word in SECRET)]
    if not understood:
        kept = [(key, value) for key, value in kept if not key.lower().startswith("data")]
    return urlencode(kept)
