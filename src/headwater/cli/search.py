"""`headwater search`: records by words, phones, addresses and ids."""

from typing import Annotated

import typer

from headwater.access import own as people
from headwater.analytics import search
from headwater.analytics.records import Looking
from headwater.analytics.search import ENTITIES, MOST, Found
from headwater.cli import say
from headwater.cli.frame import AsJson, Own, TenantName, run
from headwater.cli.ids import EntityName
from headwater.cli.texts import text
from headwater.core.words import entity_of
from headwater.wiring import House


def search_(
    query: Annotated[
        str, typer.Argument(help="Words, a phone, an e-mail address or an id.", metavar="QUERY")
    ],
    entity: EntityName = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at the most.")] = 20,
    own: Own = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Find leads, deals, contacts, companies and activities, and say how each was found.

    In Russian, English and Uzbek, in any form of a word, in Cyrillic or Latin letters, with typos; phones
    however they are written. Exact matches come first; looser ones only while there are few.

    Example: headwater search "договор поставки" --entity deals
    """

    async def work(house: House) -> Found:
        owner = await house.tenant(tenant)
        among = None if entity is None else entity_of(entity, ENTITIES)
        whose = await people.meant(house.warehouse, owner.id, own or [])
        return await search.found(Looking(house.warehouse, owner.id, whose), query, entity=among, limit=limit)

    found = run(work, as_json=as_json)
    if as_json:
        say.json(found)
        return
    if not found.hits:
        say.line("search_nothing", query=query)
        return
    heads = ("col_entity", "col_record", "col_title", "col_found_by", "col_matched", "col_connection")
    say.table(heads, [
        (hit.entity, hit.id, hit.title, text(f"step_{hit.step}"), ", ".join(hit.matched), hit.connection)
        for hit in found.hits
    ])  # fmt: skip
    told = ", ".join(f"{text(f'step_{step}')}: {count}" for step, count in found.steps.items())
    say.line("search_steps", steps=told)
