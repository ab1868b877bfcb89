"""The state machine: what may happen, and what must be true whatever happened."""

import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from headwater.sandbox.bitrix24 import Fault, Kind
from headwater.testing.histories import endings
from headwater.testing.histories.strikes import Blow, Spot, Strike
from headwater.testing.histories.world import Deed, World

ANY = st.integers(0, 400)
FAULTS = (
    Kind.QUERY_LIMIT, Kind.OVERLOAD, Kind.HTML, Kind.MOVED, Kind.DELETED, Kind.UNPAID, Kind.DROP,
    Kind.OPERATION_LIMIT, Kind.SCOPE, Kind.ERROR, Kind.MISSING_KEY, Kind.DUPLICATE_ROW, Kind.NO_ID,
    Kind.BAD_UTF8, Kind.HUGE_VALUE, Kind.DROP_AFTER, Kind.HTML_AFTER, Kind.CUT, Kind.HTML_200, Kind.SLOW,
)  # fmt: skip
"""What passes by itself. A request that hangs is left out: it takes the real clock to notice."""
DEEDS = ("edit", "insert", "remove", "add_field", "remove_field", "retype_field")
NONSENSE = ("0", "-1", "007", "1e3", "abc", "", " 5", "9" * 30, "½", "1\0", "99999999")

strikes = st.none() | st.builds(
    Strike,
    st.sampled_from(Blow),
    st.sampled_from((Spot.STATEMENT, Spot.STATEMENT, Spot.ASKED, Spot.ANSWERED)),
    st.integers(0, 60),
)
deeds = st.none() | st.builds(Deed, st.integers(0, 3), st.sampled_from(DEEDS), ANY)


class Histories(RuleBasedStateMachine):
    """One history. `url` names the database to play in; every history is a tenant of its own there."""

    url = ""
    numbers = count()

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None

    @property
    def world(self) -> World:
        assert self._world is not None
        return self._world

    @initialize(deals=st.integers(10, 60), seed=st.integers(0, 9))
    def begin(self, deals: int, seed: int) -> None:
        self._world = World(self.url, tenant=f"h{next(self.numbers)}", deals=deals, seed=seed)

    # the company

    @rule(count=st.integers(1, 60), days=st.sampled_from((0, 0, 1, 400, 4000)))
    def insert(self, count: int, days: int) -> None:
        self.world.company.insert(count, days)

    @rule(changes=st.integers(1, 20))
    def work(self, changes: int) -> None:
        self.world.company.work(changes)

    @rule(which=ANY, value=ANY, how=st.sampled_from(("edit", "edit", "edit_silently")))
    def edit(self, which: int, value: int, how: str) -> None:
        getattr(self.world.company, how)(which, value)

    @rule(which=ANY)
    def call(self, which: int) -> None:
        self.world.company.call(which)

    @rule(which=ANY, oddity=st.integers(0, 17))
    def spoil(self, which: int, oddity: int) -> None:
        self.world.company.spoil(which, oddity)

    @rule(which=ANY)
    def choke(self, which: int) -> None:
        self.world.company.choke(which)

    @rule(which=ANY, count=st.integers(1, 30))
    def remove(self, which: int, count: int) -> None:
        self.world.company.remove(which, count)

    @rule(which=ANY, losers=st.integers(1, 3))
    def merge(self, which: int, losers: int) -> None:
        self.world.company.merge(which, losers)

    @rule(which=ANY, same_id=st.booleans(), touch=st.booleans())
    def restore(self, which: int, same_id: bool, touch: bool) -> None:
        self.world.company.restore(which, same_id=same_id, touch=touch)

    @rule(count=st.integers(1, 60), value=ANY, flood=st.integers(0, 999).map(lambda n: n == 337))
    def burst(self, count: int, value: int, flood: bool) -> None:
        if flood:
            self.world.company.flood(value)
        else:
            self.world.company.burst(count, value)

    @rule(
        changes=st.integers(0, 5),
        deletes=st.integers(0, 2),
        inserts=st.integers(0, 3),
        every=st.integers(1, 3),
        inside=st.booleans(),
    )
    def busy(self, changes: int, deletes: int, inserts: int, every: int, inside: bool) -> None:
        self.world.company.busy(changes, deletes, inserts, every=every, inside=inside)

    @precondition(lambda self: not self.world.company.at_rest)
    @rule()
    def rest(self) -> None:
        self.world.company.busy(0, 0, 0, every=1, inside=False)

    @rule(which=ANY, type=ANY, multiple=st.booleans())
    def add_field(self, which: int, type: int, multiple: bool) -> None:
        self.world.company.add_field(which, type, multiple=multiple)

    @rule(field=ANY, which=ANY)
    def fill_field(self, field: int, which: int) -> None:
        self.world.company.fill_field(field, which)

    @rule(field=ANY, label=ANY)
    def rename_field(self, field: int, label: int) -> None:
        self.world.company.rename_field(field, label)

    @rule(field=ANY)
    def remove_field(self, field: int) -> None:
        self.world.company.remove_field(field)

    @rule(field=ANY, type=ANY, convert=st.booleans())
    def retype_field(self, field: int, type: int, convert: bool) -> None:
        self.world.company.retype_field(field, type, convert=convert)

    # what goes wrong, and time

    @rule(
        kind=st.sampled_from(FAULTS),
        method=st.sampled_from(("*", "batch", "crm.deal.list", "crm.deal.get", "crm.deal.fields")),
        skip=st.integers(0, 6),
        count=st.integers(1, 4),
    )
    def fault(self, kind: Kind, method: str, skip: int, count: int) -> None:
        self.world.company.portal.add_fault(
            Fault(kind, method, skip=skip, count=count, size=100_000, to="moved.bitrix24.ru")
        )

    @precondition(lambda self: self.world.company.portal.faults.script)
    @rule()
    def faults_end(self) -> None:
        self.world.company.portal.faults.clear()

    @rule(seconds=st.sampled_from((0, 0, 60, -60, 240, -240, 600, -600)))
    def skew(self, seconds: int) -> None:
        self.world.company.skew(seconds)

    @rule(whole=st.booleans())
    def rights(self, whole: bool) -> None:
        self.world.company.rights(whole=whole)

    @rule(seconds=st.sampled_from((1, 5, 8, 60, 301, 3_600, 86_400, 40 * 86_400)))
    def time_passes(self, seconds: int) -> None:
        self.world.advance(seconds)

    # the replica

    @rule(full=st.integers(0, 4).map(lambda n: n == 4), strike=strikes, deed=deeds)
    def sync(self, full: bool, strike: Strike | None, deed: Deed | None) -> None:
        self._right(lambda: endings.synced(self.world, full=full, strike=strike, deed=deed))

    @rule()
    def sync_undisturbed(self) -> None:
        self._right(lambda: endings.synced(self.world))

    @rule(
        which=st.lists(ANY, max_size=5), never=st.lists(st.sampled_from(NONSENSE), max_size=3),
        strike=strikes, deed=deeds,
    )  # fmt: skip
    def sync_ids(self, which: list[int], never: list[str], strike: Strike | None, deed: Deed | None) -> None:
        ever = sorted(self.world.company.ever)
        ids = [str(ever[one % len(ever)]) for one in which] + never
        self._right(lambda: self.world.sync_ids(ids, strike=strike, deed=deed))

    @rule(seed=ANY, accept=st.booleans(), strike=strikes, deed=deeds)
    def reconcile(self, seed: int, accept: bool, strike: Strike | None, deed: Deed | None) -> None:
        self._right(
            lambda: endings.reconciled(self.world, seed=seed, accept=accept, strike=strike, deed=deed)
        )

    def _right(self, run: Callable[[], Any]) -> None:
        """After a run, whatever became of it, the books agree."""
        run()
        endings.check(endings.agreed(self.world))

    def teardown(self) -> None:
        """The end of the history; after a failure only everything is put away."""
        if self._world is None:
            return
        try:
            if sys.exc_info()[0] is None:
                endings.ended(self.world)
        finally:
            self._world.close()
