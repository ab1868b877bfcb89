"""`headwater health`: what a container asks the service beside it."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

ANSWERS = [
    (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "is not Headwater"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", "is not Headwater"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "no service answers"),
    (
        b'HTTP/1.1 503 Unavailable\r\ncontent-length: 38\r\n\r\n{"status":"database does not answer"}  ',
        "the service answers, but cannot work: database does not answer",
    ),
    (b"", "no service answers"),
]


@asynccontextmanager
async def answering(words: bytes):
    """Somebody on a port who says the same to everybody."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(words)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield str(server.sockets[0].getsockname()[1])


async def test_a_service_that_is_well_is_said_to_be_so(own, headwater):
    words = b'{"status":"ok","version":"1.2.3"}'
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(words), words)) as port:
        said = await headwater("health", HEADWATER_PORT=port, HEADWATER_HOST="0.0.0.0")
        as_json = await headwater("health", "--json", HEADWATER_PORT=port)

    assert (said.code, as_json.code) == (0, 0)
    assert "1.2.3" in said.words
    assert as_json.json["status"] == "ok"


@pytest.mark.parametrize(("answer", "complaint"), ANSWERS)
async def test_whatever_else_answers_is_not_well(own, headwater, answer, complaint):
    async with answering(answer) as port:
        said = await headwater("health", HEADWATER_PORT=port)

    assert said.code == 4
    assert complaint in said.words


async def test_nobody_and_no_port_are_told_apart(own, headwater):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = await headwater("health", HEADWATER_PORT=str(free.getsockname()[1]))
    nowhere = await headwater("health", HEADWATER_PORT="0")

    assert (nobody.code, nowhere.code) == (4, 3)
    assert "start it with `headwater serve`" in nobody.words
