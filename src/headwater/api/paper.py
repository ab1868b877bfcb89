"""What pages are made of: templates, style and script, the reader's language, a policy for his browser."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from headwater import __version__
from headwater.api.problems import absent
from headwater.api.words import LANGUAGES, Voice, chosen

LANGUAGE_COOKIE = "headwater_language"
YEAR_SECONDS = 31_536_000
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
FIELDS = 20

router = APIRouter(include_in_schema=False)

Form = dict[str, str]


@cache
def _templates() -> Environment:
    """Everything that is put into a page is escaped: text of a CRM is text."""
    return Environment(
        loader=PackageLoader("headwater.api"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _static() -> dict[str, bytes]:
    """Style and script, by names that change with their content, so that browsers may keep them."""
    found = {}
    for path in (files("headwater.api") / "static").iterdir():
        stem, _, kind = path.name.rpartition(".")
        if kind in KINDS:
            content = path.read_bytes()
            found[f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"] = content
    return found


def _named(kind: str) -> str:
    return next(name for name in _static() if name.endswith(f".{kind}"))


@router.get("/static/{name}")
async def static(name: str) -> Response:
    content = _static().get(name)
    if content is None:
        raise absent(f"there is no {name!r}")
    headers = {"cache-control": f"public, max-age={YEAR_SECONDS}, immutable"}
    return Response(content, media_type=KINDS[name.rpartition(".")[2]], headers=headers)


def voice_of(request: Request) -> Voice:
    """The words of the language that the reader chose, or his browser asks for."""
    return Voice(
        chosen(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )
    )


Speaking = Annotated[Voice, Depends(voice_of)]


def page(request: Request, say: Voice, name: str, *, status: int = 200, **facts: Any) -> Response:
    """A page in the reader's language; one that he chose by a link is remembered."""
    text = (
        _templates()
        .get_template(f"{name}.html")
        .render(say=say, css=_named("css"), js=_named("js"), version=__version__, **facts)
    )
    answer = HTMLResponse(
        text, status, headers={"content-security-policy": POLICY, "content-language": say.language}
    )
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, say.language, max_age=YEAR_SECONDS, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip
    return answer


def onward(place: str) -> RedirectResponse:
    """To another page, by GET."""
    return RedirectResponse(place, 303)


async def form_of(request: Request) -> Form:
    """The fields of a form as browsers send it; of several with one name the last."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError:
        return {}


Filled = Annotated[Form, Depends(form_of)]
