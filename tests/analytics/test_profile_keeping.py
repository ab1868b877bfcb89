"""A profile is made when it is due, follows what becomes of the data, and goes with them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headwater.access.disconnecting import disconnect
from headwater.access.erasure import Eraser
from headwater.access.papers import Papers
from headwater.access.whom import Whom
from headwater.analytics.profile import keeping
from headwater.core.errors import NeedsPerson
from headwater.core.model import PrivacyMode
from headwater.sandbox.bitrix24 import Options, built
from headwater.sync import privacy
from headwater.testing.river import River, river
from headwater.testing.settled import settled
from headwater.warehouse.alone import Busy, alone
from headwater.warehouse.corners import PROFILES
from headwater.warehouse.vault import Vault

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def stream(newest_database: Any, tmp_path: Path) -> AsyncIterator[River]:
    portal = built(Options(deals=40, virtual=True, limits=False))
    vault = Vault(tmp_path / "secret.key")
    async with river(newest_database.url(), portal=portal, vault=vault) as flowing:
        yield flowing
    portal.close()


async def refreshed(stream: River, later: timedelta = timedelta(0)) -> None:
    now = stream.clock.now() + later
    assert not await keeping.look(stream.warehouse, stream.link, now=now)


async def made_at(stream: River) -> Any:
    rows = await stream.rows("select made_at from headwater.profiles where tenant_id = %(tenant)s")
    return rows[0]["made_at"] if rows else None


async def changed(stream: River, count: int) -> None:
    """So many changes of deals, which everybody who follows the feed can see."""
    await stream.rows(
        "insert into headwater.changes (tenant_id, connection_id, entity, external_id, action) "
        "select %(tenant)s, %(link)s, 'deals', i::text, 'update' from generate_series(1, %(count)s) as i",
        link=stream.link.id, count=count,
    )  # fmt: skip
    await settled(stream.warehouse)


async def test_it_is_made_after_the_first_full_sync_and_not_before(stream: River) -> None:
    await refreshed(stream)
    assert await made_at(stream) is None

    await stream.sync_all("deals", "contacts")
    await stream.rows(
        "update headwater.sync_state set status = 'syncing', last_full_sync_at = null "
        "where tenant_id = %(tenant)s and entity_type = 'contacts'"
    )
    await refreshed(stream)
    assert await made_at(stream) is None

    await stream.sync_all("contacts")
    await refreshed(stream)

    [config] = await stream.rows(
        "select crm_profile from headwater.dashboard_configs where tenant_id = %(tenant)s"
    )
    assert await made_at(stream) == stream.clock.now()
    assert config["crm_profile"]["connections"][0]["connection"] == stream.link.slug


async def test_it_is_made_anew_the_sooner_the_more_has_changed(stream: River) -> None:
    cases = [
        (timedelta(0), 39, False), (timedelta(0), 40, True), (HOUR, 7, False), (HOUR, 8, True), (DAY, 0, False),
        (DAY, 1, True), (7 * DAY, 0, False), (7 * DAY, 1, True),
    ]  # fmt: skip
    await stream.sync_all("deals")

    for age, changes, again in cases:
        await settled(stream.warehouse)
        await keeping.remade(stream.warehouse, stream.link, now=stream.clock.now())
        first = await made_at(stream)
        await changed(stream, changes)

        await refreshed(stream, age + timedelta(seconds=1))
        assert (await made_at(stream) != first) is again, (age, changes)


async def test_where_the_feed_was_cut_nobody_knows_and_it_is_made_anew(stream: River) -> None:
    await stream.sync_all("deals")
    await refreshed(stream)
    await stream.rows(
        "insert into headwater.feeds (tenant_id, feed, era, xid, id) "
        "select %(tenant)s, 'changes', headwater.era(), pg_current_xact_id(), 1"
    )

    await refreshed(stream, HOUR)
    assert await made_at(stream) == stream.clock.now() + HOUR


async def test_two_do_not_make_it_at_a_time(stream: River) -> None:
    await stream.sync_all("deals")

    async with alone(stream.warehouse, stream.link.id, "at it", corner=PROFILES):
        await refreshed(stream)
        with pytest.raises(Busy, match="looking through the data of bitrix24"):
            await keeping.remade(stream.warehouse, stream.link, now=stream.clock.now())

    assert await made_at(stream) is None


async def test_another_privacy_mode_forgets_it_and_what_is_not_kept_is_not_in_the_next(stream: River) -> None:
    await stream.sync_all("deals", "activities")
    await refreshed(stream)
    source = stream.source()
    await privacy.changed(stream.warehouse, stream.clock, stream.link, source, PrivacyMode.ANALYTICS)
    await source.close()
    assert await made_at(stream) is None

    await refreshed(stream)

    [profile] = (await keeping.kept(stream.warehouse, stream.tenant.id)).values()
    bodies = {
        one.name: one for each in profile.entities for one in each.fields if each.entity == "activities"
    }
    assert (bodies["subject"].filled, bodies["body"].filled) == (0, 0)


async def test_it_goes_with_the_data_of_its_connection(stream: River) -> None:
    await stream.sync_all("deals")
    await refreshed(stream)

    await disconnect(stream.warehouse, stream.link, by="Anna", now=stream.clock.now(), delete_data=True)

    config = await stream.rows(
        "select crm_profile from headwater.dashboard_configs where tenant_id = %(tenant)s"
    )
    assert await made_at(stream) is None
    assert [row["crm_profile"] for row in config] == [None]


async def test_an_erased_person_is_taken_out_also_of_what_seems_to_tell_of_nobody(
    stream: River, newest_database: Any, tmp_path: Path
) -> None:
    await stream.sync_all("deals", "contacts")
    await stream.rows(
        "update public.crm_deals set source = 'olga.mark@example.test' where tenant_id = %(tenant)s"
    )
    await refreshed(stream)
    assert "headwater.profiles" in newest_database.holding("olga.mark@example.test")

    def copied() -> Any:
        raise NeedsPerson("no backups here")

    papers = Papers([tmp_path / "log"], tmp_path / "backups", 7, copied)
    assert stream.vault is not None
    work = Eraser(
        stream.warehouse, stream.vault, stream.clock, papers, lambda: newest_database.url("postgres")
    )
    number = await work.ask(
        stream.tenant.id, Whom(emails=["olga.mark@example.test"]), dry_run=False, by="the officer"
    )
    done = await work.do(stream.tenant.id, number)

    [profile] = (await keeping.kept(stream.warehouse, stream.tenant.id)).values()
    assert done.status == "erased"
    assert done.counts["headwater.profiles"] == 1
    assert newest_database.holding("olga.mark@example.test") == []
    assert profile.records >= 40


async def test_it_is_not_kept_while_a_person_is_being_erased(stream: River) -> None:
    await stream.sync_all("deals")
    await stream.rows(
        "insert into headwater.erasures (tenant_id, status, dry_run, asked_by, asked_at, begun_at) "
        "values (%(tenant)s, 'erasing', false, 'the officer', %(now)s, %(now)s)", now=stream.clock.now(),
    )  # fmt: skip
    await refreshed(stream)
    assert await made_at(stream) is None

    await stream.rows(
        "update headwater.erasures set status = 'erased', ended_at = %(now)s where tenant_id = %(tenant)s",
        now=stream.clock.now() - HOUR,
    )  # fmt: skip
    await refreshed(stream)

    assert await made_at(stream) is not None
