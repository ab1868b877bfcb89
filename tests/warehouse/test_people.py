"""People and delays as they are kept, on each kind of server."""

from datetime import UTC, datetime, timedelta

import pytest

from headwater.core.errors import NeedsPerson
from headwater.warehouse import delays, people
from headwater.warehouse.connections import put_tenant
from headwater.warehouse.delays import Trier

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


async def test_a_person_is_kept_found_changed_linked_and_shut_out(warehouse):
    ours, theirs = [await put_tenant(warehouse, slug, slug) for slug in ("ours", "theirs")]
    one = await people.put(warehouse, ours.id, "a@b.c", name="A", role="owner", own={}, now=NOW)
    await people.put(warehouse, theirs.id, "a@b.c", name="A", role="viewer", own={}, now=NOW)
    two = await people.put(warehouse, ours.id, "d@e.f", name="", role="manager", own={7: ["1", "2"]}, now=NOW)

    assert await people.put(warehouse, ours.id, "a@b.c", name="", role="viewer", own={}, now=NOW) is None
    assert [(p.email, p.role, p.own) for p in await people.listed(warehouse, ours.id)] == [
        ("a@b.c", "owner", {}),
        ("d@e.f", "manager", {7: ["1", "2"]}),
    ]
    assert await people.link(warehouse, ours.id, two, issuer="i", subject="s")
    assert not await people.link(warehouse, ours.id, two, issuer="i", subject="other")
    assert not await people.link(warehouse, ours.id, one, issuer="i", subject="s")
    assert [(p.slug, p.role) for p in await people.meant(warehouse, email="a@b.c")] == [
        ("ours", "owner"),
        ("theirs", "viewer"),
    ]
    assert [p.id for p in await people.meant(warehouse, issuer="i", subject="s")] == [two]
    with pytest.raises(NeedsPerson, match="nobody would be left"):
        await people.disable(warehouse, ours.id, one, now=NOW)
    await people.change(warehouse, ours.id, two, role="owner", own={})
    await people.disable(warehouse, ours.id, one, now=NOW)
    assert [p.disabled_at for p in await people.listed(warehouse, ours.id)] == [NOW, None]


async def test_tries_are_counted_on_all_or_on_none(warehouse):
    tired, fresh = Trier(b"a" * 32, 1, 60), Trier(b"b" * 32, 1, 60)

    async def waits(*triers: Trier, at: float = 0) -> float:
        return await delays.tried(warehouse, triers, now=NOW + timedelta(seconds=at))

    assert [await waits(tired) for _ in range(3)] == [0, 0, 1]
    assert [await waits(fresh, tired) for _ in range(5)] == [1] * 5
    assert [await waits(fresh) for _ in range(3)] == [0, 0, 1]
    assert await waits(fresh, tired, at=1) == 0
    assert await waits(fresh, tired, at=1) == 3
