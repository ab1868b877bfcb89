"""`headwater tenant`: companies that share the database, each with its own data."""

from typing import Annotated

import typer

from headwater.access import tenants
from headwater.cli import say
from headwater.cli.frame import AsJson, run

app = typer.Typer(
    help="Companies that share the database, kept apart.", no_args_is_help=True, rich_markup_mode=None
)

Slug = Annotated[
    str, typer.Argument(help="Its short name: small Latin letters, digits and _.", metavar="TENANT")
]


@app.command()
def add(
    slug: Slug,
    title: Annotated[str | None, typer.Option(help="What people call it; default: the short name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a tenant. The first connection makes `main` by itself: this is for more of them.

    Example: headwater tenant add acme --title "Acme Ltd"
    """
    made = run(lambda house: tenants.add(house.warehouse, slug, title), as_json=as_json)
    if as_json:
        say.json(made)
    else:
        say.line("tenant_added", slug=made.slug, title=made.title)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the tenants, the oldest first.

    Example: headwater tenant list
    """
    found = run(lambda house: tenants.listed(house.warehouse), as_json=as_json)
    if as_json:
        say.json(found)
    elif not found:
        say.line("tenant_none")
    else:
        say.table(("col_tenant", "col_title", "col_id"), [(one.slug, one.title, one.id) for one in found])


@app.command()
def rename(
    slug: Slug,
    new: Annotated[str | None, typer.Option("--slug", help="Another short name.", metavar="NAME")] = None,
    title: Annotated[str | None, typer.Option(help="What people call it from now on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a tenant another name. Its data, keys and people stay; schemas of its connections keep their
    names.

    Example: headwater tenant rename main --slug acme --title "Acme Ltd"
    """
    made = run(
        lambda house: tenants.renamed(house.warehouse, slug, new_slug=new, title=title), as_json=as_json
    )
    if as_json:
        say.json(made)
    else:
        say.line("tenant_renamed", slug=made.slug, title=made.title)
