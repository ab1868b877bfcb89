"""`headwater reconcile` and `headwater certificate`: whether the replica equals its source, in writing."""

import random
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.ids import EntityName
from headwater.cli.sync import once
from headwater.cli.texts import text
from headwater.core.words import entity_of
from headwater.sync.overview import certificate, issued, standings
from headwater.sync.reconcile import SAMPLE, Issued, Terms, reconcile
from headwater.wiring import House, Link, Tenant

EVERY_SECONDS = 2.0
RECENT_SECONDS = 120

app = typer.Typer(help="What reconciliations found.", no_args_is_help=True, rich_markup_mode=None)

Sample = Annotated[
    int, typer.Option(min=0, max=1_000_000, help="How many records to compare field by field.")
]
Seed = Annotated[
    int | None, typer.Option(help="Draws the same sample as the certificate that names it.", min=0, max=2**62)
]
Accept = Annotated[
    bool,
    typer.Option("--accept-deletions", help="Let records go even if suspiciously many vanished at once."),
]


class Told:
    """Progress in plain lines."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.shown_at = time.monotonic()

    def __call__(self, what: str, count: int) -> None:
        now = time.monotonic()
        if not self.quiet and now - self.shown_at >= EVERY_SECONDS:
            self.shown_at = now
            say.errors.print(text(f"reconcile_{what}", count=say.number(count)), markup=False)


def reconcile_(
    sample: Sample = SAMPLE,
    seed: Seed = None,
    accept_deletions: Accept = False,
    entity: EntityName = None,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Compare everything stored with its source, repair what is wrong, and issue a certificate.

    Syncs first, unless that was done a moment ago. Reads the id and the times of every record of the source,
    reads again what differs, lets vanished records go (they move to headwater.gone), and compares a random
    sample field by field.

    Examples: headwater reconcile --sample 5000 · headwater reconcile --entity deals
    """
    terms = Terms(
        seed=random.SystemRandom().randrange(2**31) if seed is None else seed,
        sample=sample,
        accept_deletions=accept_deletions,
    )

    async def work(house: House) -> list[Issued]:
        owner = await house.tenant(tenant)
        links = await house.connected(owner, connection)
        found: list[Issued] = []
        for link in links:
            source = house.source_of(link)
            try:
                entities = None if entity is None else [entity_of(entity, source.entities)]
                if not await _recent(house, owner, link, entities or list(source.entities)):
                    await once(house, tenant=tenant, connection=link.slug, entity=entity, quiet=as_json)
                found += await reconcile(
                    house.warehouse, house.clock, link, source, terms,
                    entities=entities, progress=Told(quiet=as_json), vault=house.vault,
                )  # fmt: skip
            finally:
                await source.close()
        return found

    found = [
        {
            "id": one.number,
            "connection": one.certificate.connection,
            "entity": one.certificate.entity,
            "issued_at": one.issued_at,
            "verdict": one.certificate.verdict,
            "body": one.certificate.body(),
        }
        for one in run(work, as_json=as_json)
    ]
    if as_json:
        say.json(found)
    else:
        for each in found:
            _print(each)
    if any(each["verdict"] == "unequal" for each in found):
        raise typer.Exit(say.DIFFERENT)


async def _recent(house: House, owner: Tenant, link: Link, entities: Sequence[str]) -> bool:
    """Whether all of these were brought up to date a moment ago."""
    now = house.clock.now()
    behind = {
        one.entity: one.behind_seconds(now) for one in await standings(house.warehouse, owner.id, [link])
    }
    ages = [behind.get(name) for name in entities]
    return all(age is not None and age < RECENT_SECONDS for age in ages)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at the most.")] = 20,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show past certificates, the newest first.

    Example: headwater certificate list --limit 5
    """

    async def work(house: House) -> list[dict[str, Any]]:
        owner = await house.tenant(tenant)
        links = await house.links(owner, connection)
        return await issued(house.warehouse, owner.id, links, limit=limit)

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
    elif not found:
        say.line("no_certificates")
    else:
        heads = (
            "col_number", "col_connection", "col_entity", "col_issued", "col_verdict", "col_source",
            "col_stored", "col_wrong",
        )  # fmt: skip
        say.table(heads, [
            (
                one["id"], one["connection"], one["entity"],
                f"{one['issued_at'].astimezone():%Y-%m-%d %H:%M}", text(f"verdict_{one['verdict']}"),
                one["body"]["in_source"], one["body"]["stored_after"], _wrong(one["body"]),
            )
            for one in found
        ])  # fmt: skip


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="The certificate's number in `headwater certificate list`.")],
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Print one certificate.

    Example: headwater certificate show 12
    """

    async def work(house: House) -> dict[str, Any] | None:
        owner = await house.tenant(tenant)
        return await certificate(house.warehouse, owner.id, number)

    found = run(work, as_json=as_json)
    if found is None:
        say.absent("no_certificate", number, as_json=as_json)
    if as_json:
        say.json(found)
    else:
        _print(found)


def _wrong(body: dict[str, Any]) -> int:
    return sum(body[name] for name in ("missing", "extra", "stale", "torn", "mismatched"))


def _print(found: dict[str, Any]) -> None:
    """A certificate for people to read and keep."""
    body = found["body"]
    facts = {name: say.number(value) for name, value in body.items() if isinstance(value, int)}
    facts = body | facts | {"number": found["id"], "seed": body["seed"], "entity": found["entity"]}
    facts["issued"] = _moment(found["issued_at"])
    facts["complete_to"] = _moment(body["complete_to"])
    say.line("certificate_head", **facts)
    say.line(f"certificate_{found['verdict']}", **facts)
    for key in ("certificate_counts", "certificate_found", "certificate_done", "certificate_sample"):
        say.line(key, **facts)
    if body["deepened"]:
        say.line("certificate_deepened", **facts)
    for one in body["mismatches"]:
        say.line("certificate_mismatch", **one)
    for kind, ids in body["examples"].items():
        say.line("certificate_examples", kind=text(f"kind_{kind}"), ids=", ".join(ids))
    for alarm in body["alarms"]:
        say.line(f"alarm_{alarm['kind']}", **alarm["facts"])
    say.line("certificate_unchecked", **facts)
    if fields := body.get("not_kept"):  # certificates of earlier versions do not have it
        say.line("certificate_not_kept", fields=", ".join(fields))
    for right in body["rights"]:
        say.line("certificate_right", what=right)
    say.line("certificate_hash", **facts)


def _moment(at: datetime | str) -> str:
    """A time where we are, also when it was kept as text."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %z}"
