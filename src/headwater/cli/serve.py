"""`headwater serve`: the API, a worker and the embedded PostgreSQL, one tree of processes."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from headwater.access import sessions
from headwater.cli import child, say
from headwater.cli.frame import guarded, lived, settings
from headwater.cli.keeping import database_kept, environment_connected, household, worker_missed
from headwater.core.errors import HeadwaterError
from headwater.core.settings import Settings
from headwater.wiring import House


def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; default: HEADWATER_HOST.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port; 0 takes a free one; default: HEADWATER_PORT."),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Answer only: `headwater worker` works elsewhere.")
    ] = False,
    no_api: Annotated[bool, typer.Option("--no-api", help="Work only, answer nobody.")] = False,
    with_parent: child.WithParent = False,
) -> None:
    """Keep every connection up to date, and answer programs and people, until it is stopped.

    Ctrl-C or SIGTERM ends it in good order: answers under way are given, work under way is put down at a
    stored page, and the embedded PostgreSQL stops with the last service of its home, if one started it.

    Examples: headwater serve · headwater serve --port 8090 · headwater serve --no-worker
    """
    if no_worker and no_api:
        raise typer.BadParameter("with neither worker nor API there is nothing to do")

    async def work() -> None:
        if with_parent:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None  # noqa: S101 (this is one)
            child.when_parent_ends(lambda: loop.call_soon_threadsafe(task.cancel))
        known = settings()
        listener = None
        if not no_api:
            known, listener = listening(known, host=host, port=port)
        try:
            await living(known, listener, worker=not no_worker, inviting=sys.stdout.isatty())
        finally:
            if listener is not None:
                listener.close()

    guarded(lambda: lived(work()), as_json=False, lasting=True)


def listening(known: Settings, *, host: str | None, port: int | None) -> tuple[Settings, socket.socket]:
    """The socket, taken before anything is begun, and settings that say where it is."""
    from headwater.api.serving import bound  # noqa: PLC0415 (other commands live without a web framework)

    listener = bound(host or known.host, known.port if port is None else port)
    return known.model_copy(update={"host": host or known.host, "port": listener.getsockname()[1]}), listener


async def living(
    known: Settings,
    listener: socket.socket | None,
    *,
    worker: bool,
    before: Callable[[House], Awaitable[None]] | None = None,
    inviting: bool,
) -> None:
    """The service, until it is cancelled. `before` is done once the house is open and before anybody works.

    What ends: first the API, which finishes its answers; then the worker; last the database.
    """
    async with household(known) as opened:
        if before is not None:
            await before(opened)
        try:
            async with asyncio.TaskGroup() as beside:
                beside.create_task(database_kept(opened))
                beside.create_task(environment_connected(opened))
                beside.create_task(worker_missed(opened))
                if worker:
                    beside.create_task(
                        child.kept_alive(child.ours("worker", "--with-parent"), home=known.home)
                    )
                await answering(opened, listener, inviting=inviting)
        except* HeadwaterError as found:
            raise found.exceptions[0] from found


async def answering(opened: House, listener: socket.socket | None, *, inviting: bool) -> None:
    """Answers on the socket until the end; without one only waits for it."""
    if listener is None:
        say.line("serve_working")
        await asyncio.Event().wait()
        return
    from headwater.api.serving import served  # noqa: PLC0415 (as above)

    async with served(opened, listener) as door:
        say.line("serve_listening", address=opened.entrance())
        await invite(opened, inviting=inviting)
        await door.ended()


async def invite(opened: House, *, inviting: bool) -> None:
    """Prints an address that lets one browser in; to a log only how to get one. With several companies in the
    database nobody can know which is meant."""
    if inviting and await opened.alone():
        owner = await opened.tenant()
        code = await sessions.code(opened.warehouse, owner.id, now=opened.clock.now())
        say.line("serve_enter", address=opened.entrance(code))
    else:
        say.line("serve_enter_later")
