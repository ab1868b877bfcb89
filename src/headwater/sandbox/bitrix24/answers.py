"""A request as it arrived and the answer that goes back, before and after HTTP."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived: `/rest/{user_id}/{code}/{method}`, or without user and code what an application asks,
    with the parameters of query and body together. `oauth`: it is for the authorization server."""

    user_id: str
    code: str
    method: str
    params: dict[str, Any]
    client: str
    path: str
    https: bool = True
    oauth: bool = False


@dataclass(slots=True)
class Answer:
    """What goes back. `wait_seconds`: only then; `dropped`: the connection closes without a word; `hung`:
    nothing ever comes."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    dropped: bool = False
    hung: bool = False


_TITLES = {
    200: "Bitrix24",
    403: "403 Forbidden",
    404: "404 Not Found",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def page(status: int, title: str = "") -> Answer:
    """A page of the front end, which no client of the API expects."""
    title = title or _TITLES.get(status, str(status))
    text = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    return Answer(
        status, (text + "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n").encode(), "text/html"
    )
