"""`headwater secret`: the key that the stored credentials are encrypted with."""

from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, run
from headwater.wiring import House, Rotation

app = typer.Typer(help="The key of the stored credentials.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    pass  # with one command alone typer would make it the group


@app.command()
def rotate(
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Forget the older keys: backups made before need them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Encrypt every stored credential with a new key; older keys stay in the file unless they are dropped.

    It may be killed at any moment: everything still opens. Back the key file up again afterwards.

    Example: headwater secret rotate --drop-old
    """

    async def work(house: House) -> Rotation:
        return await wiring.key_rotated(house, drop_old=drop_old)

    done = run(work, as_json=as_json)
    if as_json:
        say.json(done._asdict())
    else:
        say.line("secret_rotated", credentials=done.credentials)
        say.line("secret_dropped" if done.old_keys == 0 else "secret_kept", count=done.old_keys)
