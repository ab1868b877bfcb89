"""A client for the control door of a running rehearsal portal."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

import httpx2
import orjson

from headwater.core.errors import NeedsPerson, RetryLater


class Control:
    """`async with Control(root, token) as control: …`, where root is `http://127.0.0.1:PORT`.

    A portal in the same process is reached with `transport=httpx2.ASGITransport(app(portal, …))`. NeedsPerson
    tells what the portal did not accept, RetryLater that it could not be reached. What a call does in detail
    is said at the method of `bitrix24.Portal` that has its name.
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
        """Requests seen, 503s and 429s given, by method; faults that struck; what became of events."""
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

    async def insert(self, fields: Mapping[str, Any] | None = None, *, count: int = 1) -> list[int]:
        """Creates so many deals within one second, with raw values; their ids."""
        return await self._ids("insert", {"fields": dict(fields or {}), "count": count})

    async def change(
        self, record_id: int, fields: Mapping[str, Any], *, touch: bool = True, silent: bool = False
    ) -> None:
        """Sets raw values of a deal; without `touch` its modified time stands still."""
        record = {"id": record_id, "fields": dict(fields), "touch": touch, "silent": silent}
        await self._ask("POST", "change", {"records": [record]})

    async def burst(self, which: int | Iterable[int], fields: Mapping[str, Any] | None = None) -> list[int]:
        """Changes these deals, or so many at random, within one second; the ids of those there were."""
        chosen = {"count": which} if isinstance(which, int) else {"ids": list(which)}
        return await self._ids("burst", {**chosen, "fields": dict(fields or {})})

    async def delete(self, ids: Iterable[int], *, silent: bool = False) -> int:
        """Puts deals into the recycle bin; how many of them there were."""
        return int((await self._ask("POST", "delete", {"ids": list(ids), "silent": silent}))["deleted"])

    async def bin(self) -> list[int]:
        """The ids of the deals in the recycle bin."""
        return [int(one) for one in (await self._ask("GET", "bin"))["ids"]]

    async def restore(self, record_id: int, *, same_id: bool = False, touch: bool = False) -> int:
        """Brings a deal back from the recycle bin; its id, a new one unless `same_id`."""
        body = {"id": record_id, "same_id": same_id, "touch": touch}
        return int((await self._ask("POST", "restore", body))["id"])

    async def merge(self, ids: Iterable[int]) -> list[int]:
        """Makes one deal of several, the first; the ids of the others, now deleted."""
        return [int(one) for one in (await self._ask("POST", "merge", {"ids": list(ids)}))["deleted"]]

    async def work(self, changes: int) -> list[int]:
        """Lets the company make so many changes; the ids of the deals concerned."""
        return await self._ids("work", {"changes": changes})

    async def busy(
        self, *, changes: int = 0, deletes: int = 0, inserts: int = 0, every: int = 1, inside: bool = False
    ) -> None:
        """From now on so much happens before every so manieth list or batch request; zeros end it."""
        numbers = {"changes": changes, "deletes": deletes, "inserts": inserts, "every": every}
        await self._ask("POST", "busy", {**numbers, "inside": inside})

    async def add_field(self, name: str, type: str = "string", **words: Any) -> int:
        """Adds a custom field to deals (label, multiple, options, …); its id."""
        return (await self.add_fields([{"name": name, "type": type, **words}]))[0]

    async def add_fields(self, fields: Iterable[Mapping[str, Any]]) -> list[int]:
        """Adds many custom fields at once, each by the words of `add_field`; their ids."""
        return await self._ids("fields", {"fields": [dict(one) for one in fields]})

    async def remove_field(self, name: str) -> None:
        """Deletes a custom field of deals with all its values."""
        await self._ask("DELETE", "fields", {"names": [name]})

    async def rename_field(self, name: str, label: str) -> None:
        """Gives a custom field another label."""
        await self._ask("POST", "fields/rename", {"name": name, "label": label})

    async def retype_field(self, name: str, type: str, *, convert: bool = True, **words: Any) -> int:
        """Deletes a custom field and makes one of another type under the same name; its id."""
        body = {"name": name, "type": type, "convert": convert, **words}
        return int((await self._ask("POST", "fields/retype", body))["id"])

    async def set_rights(self, **rights: Any) -> dict[str, Any]:
        """Changes what a webhook and its person may do (admin, sees, active, scopes, code); all of it."""
        return await self._ask("POST", "rights", rights)

    async def expire(self, code: str = "") -> None:
        """The webhook's time is over: 401 expired_token."""
        await self._ask("POST", "credential", {"expired": True, "code": code})

    async def renew(self, code: str = "") -> None:
        """An expired webhook works again."""
        await self._ask("POST", "credential", {"expired": False, "code": code})

    async def handlers(self) -> list[dict[str, Any]]:
        """Where events go: id, url, application_token, events, app."""
        return list((await self._ask("GET", "handlers"))["handlers"])

    async def add_handler(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        application_token: str = "",
        app: bool = False,
    ) -> dict[str, Any]:
        """From now on events (by default: deals added, updated, deleted) go there; the handler."""
        body = {"url": url, "application_token": application_token, "app": app}
        return await self._ask(
            "POST", "handlers", body | ({} if events is None else {"events": list(events)})
        )

    async def remove_handler(self, handler_id: int) -> bool:
        """No more events go there; whether there was such a handler."""
        return bool((await self._ask("DELETE", "handlers", {"id": handler_id}))["removed"])

    async def events(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Takes what waits for handlers while the portal's clock is virtual: handler, event, url, body."""
        return list((await self._ask("POST", "events", {"limit": limit}))["events"])

    async def advance(self, seconds: float) -> str:
        """Moves a virtual clock forward; the time it shows then."""
        return str((await self._ask("POST", "clock", {"advance": seconds}))["now"])

    async def skew(self, seconds: float) -> str:
        """Makes the portal's clock wrong by so many seconds; the time it shows then."""
        return str((await self._ask("POST", "clock", {"skew": seconds}))["now"])

    async def limits(self, **rules: Any) -> dict[str, Any]:
        """Changes what the portal limits (the words of `bitrix24.Rules`); all of its rules then."""
        return dict((await self._ask("POST", "limits", rules))["limits"])

    async def _ids(self, name: str, body: Mapping[str, Any]) -> list[int]:
        return [int(one) for one in (await self._ask("POST", name, body))["ids"]]

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
