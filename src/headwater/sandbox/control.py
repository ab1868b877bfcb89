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
    is said at the method of `bitrix24.Portal` that has its name; `entity` says of which records (deal, lead,
    contact, company, …).
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

    async def truth(self, *, entity: str = "deal", listed: bool = False) -> AsyncIterator[dict[str, Any]]:
        """Every record with all its fields, streamed in order of id; `listed`: as its list can show it."""
        asked = {"entity": entity} | ({"listed": "1"} if listed else {})
        async with self._http.stream("GET", "truth", params=asked) as answer:
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

    async def insert(
        self, fields: Mapping[str, Any] | None = None, *, count: int = 1, entity: str = "deal"
    ) -> list[int]:
        """Creates so many records within one second, with raw values; their ids."""
        return await self._ids("insert", {"fields": dict(fields or {}), "count": count, "entity": entity})

    async def change(
        self,
        record_id: int,
        fields: Mapping[str, Any],
        *,
        touch: bool = True,
        silent: bool = False,
        entity: str = "deal",
    ) -> None:
        """Sets raw values of a record; without `touch` its modified time stands still."""
        record = {"id": record_id, "fields": dict(fields), "touch": touch, "silent": silent}
        await self._ask("POST", "change", {"records": [record], "entity": entity})

    async def burst(
        self, which: int | Iterable[int], fields: Mapping[str, Any] | None = None, *, entity: str = "deal"
    ) -> list[int]:
        """Changes these records, or so many at random, within one second; the ids of those there were."""
        chosen = {"count": which} if isinstance(which, int) else {"ids": list(which)}
        return await self._ids("burst", {**chosen, "fields": dict(fields or {}), "entity": entity})

    async def delete(self, ids: Iterable[int], *, silent: bool = False, entity: str = "deal") -> int:
        """Puts records into the recycle bin; how many of them there were."""
        body = {"ids": list(ids), "silent": silent, "entity": entity}
        return int((await self._ask("POST", "delete", body))["deleted"])

    async def bin(self, *, entity: str = "deal") -> list[int]:
        """The ids of what is in the recycle bin."""
        return [int(one) for one in (await self._ask("GET", f"bin?entity={entity}"))["ids"]]

    async def restore(
        self, record_id: int, *, same_id: bool = False, touch: bool = False, entity: str = "deal"
    ) -> int:
        """Brings a record back from the recycle bin; its id, a new one unless `same_id`."""
        body = {"id": record_id, "same_id": same_id, "touch": touch, "entity": entity}
        return int((await self._ask("POST", "restore", body))["id"])

    async def merge(self, ids: Iterable[int], *, entity: str = "deal") -> list[int]:
        """Makes one record of several, the first; the ids of the others, now deleted."""
        done = await self._ask("POST", "merge", {"ids": list(ids), "entity": entity})
        return [int(one) for one in done["deleted"]]

    async def work(self, changes: int, *, entity: str = "deal") -> list[int]:
        """Lets the company make so many changes; the ids of the records concerned."""
        return await self._ids("work", {"changes": changes, "entity": entity})

    async def busy(
        self,
        *,
        changes: int = 0,
        deletes: int = 0,
        inserts: int = 0,
        every: int = 1,
        inside: bool = False,
        entity: str = "deal",
    ) -> None:
        """From now on so much happens before every so manieth list or batch request; zeros end it."""
        numbers = {"changes": changes, "deletes": deletes, "inserts": inserts, "every": every}
        await self._ask("POST", "busy", {**numbers, "inside": inside, "entity": entity})

    async def add_field(self, name: str, type: str = "string", *, entity: str = "deal", **words: Any) -> int:
        """Adds a custom field (label, multiple, options, …); its id."""
        return (await self.add_fields([{"name": name, "type": type, **words}], entity=entity))[0]

    async def add_fields(self, fields: Iterable[Mapping[str, Any]], *, entity: str = "deal") -> list[int]:
        """Adds many custom fields at once, each by the words of `add_field`; their ids."""
        return await self._ids("fields", {"fields": [dict(one) for one in fields], "entity": entity})

    async def remove_field(self, name: str, *, entity: str = "deal") -> None:
        """Deletes a custom field with all its values."""
        await self._ask("DELETE", "fields", {"names": [name], "entity": entity})

    async def rename_field(self, name: str, label: str, *, entity: str = "deal") -> None:
        """Gives a custom field another label."""
        await self._ask("POST", "fields/rename", {"name": name, "label": label, "entity": entity})

    async def retype_field(
        self, name: str, type: str, *, convert: bool = True, entity: str = "deal", **words: Any
    ) -> int:
        """Deletes a custom field and makes one of another type under the same name; its id."""
        body = {"name": name, "type": type, "convert": convert, "entity": entity, **words}
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

    async def install_app(self, **words: Any) -> dict[str, Any]:
        """Installs a local application (user_id, scopes, redirect_uri, install_url, finished, client_id, …);
        its client_id, client_secret, application_token, access_token, refresh_token, expires."""
        return await self._ask("POST", "apps", words)

    async def apps(self) -> list[dict[str, Any]]:
        """The installed applications, without their secrets."""
        return list((await self._ask("GET", "apps"))["apps"])

    async def change_app(self, client_id: str = "", **words: Any) -> None:
        """What an application may do and how it stands: scopes, paid, finished."""
        await self._ask("POST", "apps/change", {"client_id": client_id, **words})

    async def uninstall_app(self, client_id: str = "", *, clean: bool = True) -> None:
        """Removes an application with its tokens, handlers and queue."""
        await self._ask("DELETE", "apps", {"client_id": client_id, "clean": clean})

    async def grant(self, client_id: str = "", user_id: int | None = None) -> dict[str, Any]:
        """Fresh tokens of an application, for the person who installed it or another."""
        return await self._ask("POST", "apps/grant", {"client_id": client_id, "user_id": user_id})

    async def expire_tokens(self, client_id: str = "", *, refresh: bool = False) -> None:
        """The time of an application's access tokens is over; with `refresh` that of its refresh tokens."""
        await self._ask("POST", "apps/expire", {"client_id": client_id, "refresh": refresh})

    async def revoke_tokens(self, client_id: str = "") -> None:
        """An application's tokens are worth nothing any more."""
        await self._ask("POST", "apps/revoke", {"client_id": client_id})

    async def set_feature(self, code: str, *, on: bool) -> None:
        """What the plan has: rest_offline_extended (offline events), rest_auth_connector."""
        await self._ask("POST", "features", {code: on})

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
