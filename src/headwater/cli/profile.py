"""`headwater profile`: what the data is like, what looks wrong in it, and what to mend."""

from typing import Annotated

import typer

from headwater.analytics.profile import keeping, showing, words
from headwater.analytics.profile.entities import SLUGS
from headwater.analytics.profile.model import EntityProfile, Profile
from headwater.analytics.profile.showing import Values, readable
from headwater.cli import say
from headwater.cli.frame import AsJson, ConnectionName, TenantName, run
from headwater.cli.texts import language, text
from headwater.core.words import entity_of
from headwater.wiring import House, Link

WORST = 3
"""Doubts of an entity that are told where all entities are."""

Entity = Annotated[
    str | None, typer.Argument(help="Only this entity, with its fields and all doubts: deals, lead, …")
]
Refresh = Annotated[bool, typer.Option("--refresh", help="Look through the data anew.")]


def profile(
    entity: Entity = None,
    refresh: Refresh = False,
    tenant: TenantName = None,
    connection: ConnectionName = None,
    as_json: AsJson = False,
) -> None:
    """Show how full, how varied and how doubtful the data is, what to mend, and what for it is good.

    A profile is made when there is none yet, or with --refresh; `headwater serve` renews it as data change.

    Examples: headwater profile · headwater profile deals --refresh · headwater profile leads --json
    """

    async def work(house: House) -> tuple[list[Link], dict[int, Profile], dict[int, Values], object]:
        owner = await house.tenant(tenant)
        slug = None if entity is None else entity_of(entity, SLUGS)
        links = await house.links(owner, connection)
        kept = await keeping.kept(house.warehouse, owner.id)
        for link in links:
            if refresh or link.id not in kept:
                await keeping.remade(house.warehouse, link, now=house.clock.now())
        kept = await keeping.kept(house.warehouse, owner.id)
        shown = {
            link.id: await showing.values(house.warehouse, link, showing.entities_of(kept[link.id], slug))
            for link in links
            if link.id in kept
        }
        document = await showing.documents(house.warehouse, links, kept, slug) if as_json else None
        return links, kept, shown, document

    links, kept, shown, document = run(work, as_json=as_json)
    if as_json:
        say.json(document)
        return
    slug = None if entity is None else entity_of(entity, SLUGS)
    for link in links:
        if link.id in kept:
            _show(kept[link.id], slug, shown[link.id])


def _show(found: Profile, entity: str | None, shown: Values) -> None:
    say.line(
        "profile_head", connection=found.connection, made=found.made_at[:16].replace("T", " "),
        verdict=words.verdict(found.recommendation, language()), mode=text(f"profile_{found.mode}"),
    )  # fmt: skip
    entities = showing.entities_of(found, entity)
    heads = ("col_entity", "col_records", "col_verdict", "col_complete", "col_from", "col_to", "col_doubts")
    say.table(heads, [
        (
            one.entity, one.score.record_count, words.verdict(one.score.recommendation, language()),
            f"{one.score.completeness:.0%}", one.from_day, one.to_day, len(one.doubts),
        )
        for one in entities
    ])  # fmt: skip
    for one in entities:
        _doubts(one, shown, most=None if entity else WORST)
    if entity is None:
        _categories(found)
    for one in entities if entity else ():
        _fields(one)


def _doubts(one: EntityProfile, shown: Values, *, most: int | None) -> None:
    if one.sampled and one.looked_at:
        say.line("profile_sample", entity=one.entity, count=say.number(one.looked_at))
    for each in one.doubts[:most]:
        told = showing.told(each, one, shown, language())
        severity = words.SEVERITIES[each.severity][language() == "ru"]
        say.line("profile_doubt", entity=one.entity, severity=severity, text=told.text, remedy=told.remedy)
    if most is not None and len(one.doubts) > most:
        say.line("profile_more", entity=one.entity, count=len(one.doubts) - most)


def _categories(found: Profile) -> None:
    for one in found.categories:
        title, reason = words.category(one, language())
        say.line("profile_fits" if one.suggested else "profile_unfit", title=title, reason=reason)


def _fields(one: EntityProfile) -> None:
    heads = ("col_field", "col_label", "col_kind", "col_filled", "col_values", "col_commonest")
    say.table(heads, [
        (
            each.name, readable(each.label[language() == "ru"]), each.kind, f"{each.share:.0%}",
            each.cardinality or None,
            ", ".join(readable(value.label or value.value) for value in each.values[:3])
            or _range(each.least, each.most),
        )
        for each in one.fields
    ])  # fmt: skip


def _range(least: str | None, most: str | None) -> str | None:
    return None if least is None else f"{least} … {most}"
