"""`headwater tenant`: companies of this service."""

import typer

app = typer.Typer(help="Companies of this service.", no_args_is_help=True, rich_markup_mode=None)
