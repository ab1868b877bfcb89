"""All records that a question asks for, as a file: CSV for spreadsheets, NDJSON for programs."""

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from headwater.analytics import records
from headwater.analytics.questions import Question
from headwater.api import recordpaper
from headwater.api.accesses import Noting
from headwater.api.records import Asked, Sight, rows

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
BOM = b"\xef\xbb\xbf"
FORMULA = re.compile(r"[=+\-@\t\r\n]")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")

router = APIRouter(tags=["records"])


@router.get(
    "/api/v1/exports/{entity}",
    summary="Records of a kind, all of them, as a file",
    response_class=Response,
    responses=recordpaper.EXPORT,
    openapi_extra=recordpaper.FILTERS,
)
async def exported(
    who: Sight, note: Noting, question: Asked,
    form: Annotated[
        Literal["csv", "ndjson"], Query(alias="format", description="A table, or a JSON document a line.")
    ] = "csv",
    delimiter: Annotated[
        Literal["comma", "semicolon", "tab"], Query(description="Of CSV: semicolon where Excel is Russian.")
    ] = "comma",
    bom: Annotated[bool, Query(description="Of CSV: a mark that tells Excel it is UTF-8.")] = False,
) -> Response:  # fmt: skip
    """The filters, fields and order of lists; every record, however many: the file is never whole in
    memory. In CSV a text that a spreadsheet would take for a formula begins with an apostrophe. Where reading
    fails half-way the connection is cut, not ended: a client library reports that as an error."""
    batches = records.exported(who, question)
    first = await anext(batches)  # what goes wrong at once is said as a problem, not within the file
    await note("export", question.listing)  # before it leaves: how much of it arrives nobody here knows
    if form == "ndjson":
        lines, kind = _ndjson(question), "application/x-ndjson"
    else:
        lines, kind = _csv(question, DELIMITERS[delimiter]), "text/csv; charset=utf-8; header=present"
    name = f"{question.listing}-{datetime.now(UTC):%Y%m%d}.{form}"
    return StreamingResponse(
        _streamed(first, batches, lines, BOM if bom and form == "csv" else b""),
        media_type=kind,
        headers={"content-disposition": f'attachment; filename="{name}"', "x-accel-buffering": "no"},
    )


Lines = Callable[[Sequence[Mapping[str, Any]], bool], bytes]
"""A batch as bytes of the file; whether it is the first."""


async def _streamed(
    first: Sequence[Mapping[str, Any]],
    batches: AsyncIterator[Sequence[Mapping[str, Any]]],
    lines: Lines,
    head: bytes,
) -> AsyncIterator[bytes]:
    """A reader who leaves ends this, and with it whatever the database does for it."""
    async with aclosing(batches):  # type: ignore[type-var]  # it is a generator
        yield head + lines(first, True)
        async for batch in batches:
            yield lines(batch, False)


def _ndjson(question: Question) -> Lines:
    option = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

    def lines(batch: Sequence[Mapping[str, Any]], _: bool) -> bytes:
        return b"".join(orjson.dumps(one, option=option) for one in rows(question.listing, batch))

    return lines


def _csv(question: Question, delimiter: str) -> Lines:
    names = ["connection", *question.fields]

    def lines(batch: Sequence[Mapping[str, Any]], first: bool) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter)
        if first:
            writer.writerow(names)
        writer.writerows([cell(one[name]) for name in names] for one in batch)
        return text.getvalue().encode()

    return lines


def cell(value: Any) -> Any:
    """A value as a spreadsheet shows it and never runs it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str() if FORMULA.match(value) and not NUMBER.fullmatch(value):
            return f"'{value}"
        case _:
            return value
