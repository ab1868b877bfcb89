"""A portal that heeds the first owner of a command for product rows alone, as a page of the vendor has it."""

from urllib.parse import parse_qsl

import httpx2
import orjson

from headwater.sources.bitrix24.shapes import command

METHOD = "crm.item.productrow.list"
OWNER = "filter[=ownerId][]"


class HeedsFirst(httpx2.AsyncBaseTransport):
    """Passes commands on to a portal, those for product rows with their first owner alone while it is `on`.

    `asked` keeps the owners that each such command named, by request.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, on: bool = True) -> None:
        self.inner = inner
        self.on = on
        self.asked: list[list[list[str]]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = orjson.loads(request.content)
        told = [one for one in body.get("cmd", {}).values() if one.startswith(f"{METHOD}?")]
        if told:
            self.asked.append([[value for key, value in _params(one) if key == OWNER] for one in told])
        if told and self.on:
            body["cmd"] = {key: _first(one) for key, one in body["cmd"].items()}
            headers = {key: value for key, value in request.headers.items() if key != "content-length"}
            request = httpx2.Request(request.method, request.url, headers=headers, content=orjson.dumps(body))
        return await self.inner.handle_async_request(request)

    @property
    def several(self) -> int:
        """Commands that named more than one owner."""
        return sum(len(owners) > 1 for told in self.asked for owners in told)


def _params(told: str) -> list[tuple[str, str]]:
    return parse_qsl(told.partition("?")[2], keep_blank_values=True)


def _first(told: str) -> str:
    """A command without all owners but the first."""
    if not told.startswith(f"{METHOD}?"):
        return told
    params = _params(told)
    owners = [one for one in params if one[0] == OWNER]
    return command(METHOD, [one for one in params if one[0] != OWNER or one == owners[0]])
