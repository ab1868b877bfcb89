"""A client for the control door of a running rehearsal portal."""

from collections.abc import AsyncIterator, Iterable, Mapping
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

import httpx2
import orjson

from headwater.core.errors import NeedsPerson, RetryLater


class Control:
    """`async with Control(root, token) as control: …`, where root is `http://127.0.0.1:PORT`.

    A portal in the same process is reached with `transport=httpx2.ASGITransport(app(portal, …))`. NeedsPerson
    tells what the portal did not accept, RetryLater that it could not be reached.
    """

    def __init__(
        self,
        root: str,
        token: str,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        verify: SSLContext | bool = True,
    ) -> None:
        self._http = httpx2.AsyncClient(
            base_url=root.rstrip("/") + "/_control/",
            headers={"authorization": f"Bearer {token}"},
            transport=transport,
            verify=verify,
            timeout=60,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def truth(self) -> AsyncIterator[dict[str, Any]]:
        """Every deal with all its fields, streamed in order of id."""
        async with self._http.stream("GET", "truth") as answer:
            if answer.status_code != 200:
                raise NeedsPerson(_complaint("truth", answer.status_code, await answer.aread()))
            async for line in answer.aiter_lines():
                yield orjson.loads(line)

    async def stats(self) -> dict[str, Any]:
        """Requests seen, 503s and 429s given, by method."""
        return await self._ask("GET", "stats")

    async def state(self) -> dict[str, Any]:
        """Whether the portal is open, how many deals it has, what time it believes it is."""
        return await self._ask("GET", "state")

    async def set_state(self, state: str, *, moved_to: str = "") -> None:
        """open, deleted, unpaid, overloaded, or moved (to a host)."""
        await self._ask("POST", "state", {"state": state, "moved_to": moved_to})

    async def add_fault(self, kind: str, **words: Any) -> None:
        """One more fault: its kind and the words of `bitrix24.Fault`."""
        await self._ask("POST", "faults", {"faults": [{"kind": kind, **words}]})

    async def clear_faults(self) -> None:
        await self._ask("DELETE", "faults")

    async def change(self, record_id: int, fields: Mapping[str, Any], *, touch: bool = True) -> None:
        """Sets raw values of a deal; without `touch` its modified time stands still."""
        record = {"id": record_id, "fields": dict(fields), "touch": touch}
        await self._ask("POST", "change", {"records": [record]})

    async def delete(self, ids: Iterable[int]) -> int:
        """Deletes deals; how many of them there were."""
        return int((await self._ask("POST", "delete", {"ids": list(ids)}))["deleted"])

    async def work(self, changes: int) -> list[int]:
        """Lets the company make so many changes; the ids of the deals concerned."""
        return [int(one) for one in (await self._ask("POST", "work", {"changes": changes}))["ids"]]

    async def advance(self, seconds: float) -> str:
        """Moves a virtual clock forward; the time it shows then."""
        return str((await self._ask("POST", "clock", {"advance": seconds}))["now"])

    async def skew(self, seconds: float) -> str:
        """Makes the portal's clock wrong by so many seconds; the time it shows then."""
        return str((await self._ask("POST", "clock", {"skew": seconds}))["now"])

    async def limits(self, **rules: Any) -> dict[str, Any]:
        """Changes what the portal limits (the words of `bitrix24.Rules`); all of its rules then."""
        return dict((await self._ask("POST", "limits", rules))["limits"])

    async def _ask(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        content = None if body is None else orjson.dumps(body)
        try:
            answer = await self._http.request(method, name, content=content)
        except httpx2.TransportError as exc:
            raise RetryLater(f"control {name}: the portal did not answer ({exc}); is it running?") from exc
        if answer.status_code != 200:
            raise NeedsPerson(_complaint(name, answer.status_code, answer.content))
        return dict(answer.json())


def _complaint(name: str, status: int, content: bytes) -> str:
    return f"control {name}: {status}, {content.decode('utf-8', 'replace')}"
