"""The state machine: what may happen, and what must be true whatever happened."""

import sys
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from headwater.sandbox.bitrix24 import Fault, Kind
from headwater.testing.histories import endings
from headwater.testing.histories.casts import CASTS
from headwater.testing.histories.company import Company
from headwater.testing.histories.office import ORDERS
from headwater.testing.histories.strikes import Blow, Spot, Strike
from headwater.testing.histories.world import Deed, World

ANY = st.integers(0, 400)
ENTITY = st.integers(0, 13)
FAULTS = (
    Kind.QUERY_LIMIT, Kind.OVERLOAD, Kind.HTML, Kind.MOVED, Kind.DELETED, Kind.UNPAID, Kind.DROP,
    Kind.OPERATION_LIMIT, Kind.SCOPE, Kind.ERROR, Kind.MISSING_KEY, Kind.DUPLICATE_ROW, Kind.NO_ID,
    Kind.BAD_UTF8, Kind.HUGE_VALUE, Kind.DROP_AFTER, Kind.HTML_AFTER, Kind.CUT, Kind.HTML_200, Kind.SLOW,
)  # fmt: skip
"""What passes by itself. A request that hangs is left out: it takes the real clock to notice."""
METHODS = (
    "*", "*", "batch", "batch", "*.list", "crm.*.list", "*.get", "*.fields", "crm.deal.list", "crm.lead.list",
    "crm.contact.list", "crm.company.list", "crm.activity.list", "crm.product.list", "crm.item.list",
    "crm.item.productrow.list", "crm.timeline.comment.list", "crm.stagehistory.list", "crm.status.list",
    "crm.category.list", "crm.type.list", "crm.currency.list", "department.get", "user.get",
    "voximplant.statistic.get", "crm.*.userfield.list",
)  # fmt: skip
"""What faults are aimed at."""
DEEDS = (
    "edit", "insert", "remove", "merge", "comment", "sell", "link", "office", "add_field", "remove_field",
    "retype_field",
)  # fmt: skip
NONSENSE = ("0", "-1", "007", "1e3", "abc", "", " 5", "9" * 30, "½", "1\0", "99999999")

strikes = st.none() | st.builds(
    Strike,
    st.sampled_from(Blow),
    st.sampled_from((Spot.STATEMENT, Spot.STATEMENT, Spot.ASKED, Spot.ANSWERED)),
    st.integers(0, 60) | st.integers(0, 400),
)
deeds = st.none() | st.builds(Deed, st.integers(0, 6), st.sampled_from(DEEDS), ENTITY, ANY)


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

    @property
    def company(self) -> Company:
        return self.world.company

    @initialize(deals=st.integers(1, 8), seed=st.integers(0, 9), cast=st.sampled_from(CASTS))
    def begin(self, deals: int, seed: int, cast: Sequence[str]) -> None:
        tenant = f"h{next(self.numbers)}"
        self._world = World(self.url, tenant=tenant, deals=deals, seed=seed, playing=cast)

    # the company

    @rule(entity=ENTITY, count=st.integers(1, 60), days=st.sampled_from((0, 0, 1, 400, 4000)))
    def insert(self, entity: int, count: int, days: int) -> None:
        with self.company.watched():
            self.company.insert(entity, count, days)

    @rule(entity=ENTITY, changes=st.integers(1, 20))
    def work(self, entity: int, changes: int) -> None:
        with self.company.watched():
            self.company.work(entity, changes)

    @rule(entity=ENTITY, which=ANY, value=ANY, how=st.sampled_from(("edit", "edit", "edit_silently")))
    def edit(self, entity: int, which: int, value: int, how: str) -> None:
        with self.company.watched():
            getattr(self.company, how)(entity, which, value)

    @rule(entity=ENTITY, which=ANY)
    def call(self, entity: int, which: int) -> None:
        with self.company.watched():
            self.company.call(entity, which)

    @rule(entity=ENTITY, which=ANY, oddity=st.integers(0, 17))
    def spoil(self, entity: int, which: int, oddity: int) -> None:
        with self.company.watched():
            self.company.spoil(entity, which, oddity)

    @rule(entity=ENTITY, which=ANY)
    def choke(self, entity: int, which: int) -> None:
        with self.company.watched():
            self.company.choke(entity, which)

    @rule(entity=ENTITY, which=ANY, count=st.integers(1, 30))
    def remove(self, entity: int, which: int, count: int) -> None:
        with self.company.watched():
            self.company.remove(entity, which, count)

    @rule(entity=ENTITY, which=ANY, losers=st.integers(1, 3))
    def merge(self, entity: int, which: int, losers: int) -> None:
        with self.company.watched():
            self.company.merge(entity, which, losers)

    @rule(entity=ENTITY, which=ANY, same_id=st.booleans(), touch=st.booleans())
    def restore(self, entity: int, which: int, same_id: bool, touch: bool) -> None:
        with self.company.watched():
            self.company.restore(entity, which, same_id=same_id, touch=touch)

    @rule(
        entity=ENTITY,
        count=st.integers(1, 60),
        value=ANY,
        flood=st.integers(0, 999).map(lambda n: n == 337),
    )
    def burst(self, entity: int, count: int, value: int, flood: bool) -> None:
        with self.company.watched():
            if flood:
                self.company.flood(entity, value)
            else:
                self.company.burst(entity, count, value)

    @rule(entity=ENTITY, which=ANY, value=ANY)
    def comment(self, entity: int, which: int, value: int) -> None:
        with self.company.watched():
            self.company.comment(entity, which, value)

    @rule(which=ANY, value=ANY)
    def sell(self, which: int, value: int) -> None:
        with self.company.watched():
            self.company.sell(which, value)

    @rule(entity=ENTITY, which=ANY, others=st.lists(st.integers(0, 9), max_size=4, unique=True))
    def link(self, entity: int, which: int, others: Sequence[int]) -> None:
        with self.company.watched():
            self.company.link(entity, which, others)

    @rule(which=ANY, funnel=ANY)
    def reroute(self, which: int, funnel: int) -> None:
        with self.company.watched():
            self.company.reroute(which, funnel)

    @rule(name=st.sampled_from((*ORDERS, "process")), which=ANY)
    def office(self, name: str, which: int) -> None:
        with self.company.watched():
            if name == "process":
                self.company.open_process()
            else:
                self.company.office.order(name, which)

    @rule(
        entity=ENTITY,
        changes=st.integers(0, 5),
        deletes=st.integers(0, 2),
        inserts=st.integers(0, 3),
        every=st.integers(1, 3),
        inside=st.booleans(),
    )
    def busy(self, entity: int, changes: int, deletes: int, inserts: int, every: int, inside: bool) -> None:
        self.company.busy(entity, changes, deletes, inserts, every=every, inside=inside)

    @precondition(lambda self: not self.company.at_rest)
    @rule()
    def rest(self) -> None:
        self.company.rest()

    @rule(entity=ENTITY, which=ANY, type=ANY, multiple=st.booleans())
    def add_field(self, entity: int, which: int, type: int, multiple: bool) -> None:
        with self.company.watched():
            self.company.add_field(entity, which, type, multiple=multiple)

    @rule(entity=ENTITY, field=ANY, which=ANY)
    def fill_field(self, entity: int, field: int, which: int) -> None:
        with self.company.watched():
            self.company.fill_field(entity, field, which)

    @rule(entity=ENTITY, field=ANY, label=ANY)
    def rename_field(self, entity: int, field: int, label: int) -> None:
        self.company.rename_field(entity, field, label)

    @rule(entity=ENTITY, field=ANY)
    def remove_field(self, entity: int, field: int) -> None:
        with self.company.watched():
            self.company.remove_field(entity, field)

    @rule(entity=ENTITY, field=ANY, type=ANY, convert=st.booleans())
    def retype_field(self, entity: int, field: int, type: int, convert: bool) -> None:
        with self.company.watched():
            self.company.retype_field(entity, field, type, convert=convert)

    # what goes wrong, and time

    @rule(
        kind=st.sampled_from(FAULTS),
        method=st.sampled_from(METHODS),
        skip=st.integers(0, 6),
        count=st.integers(1, 4),
    )
    def fault(self, kind: Kind, method: str, skip: int, count: int) -> None:
        self.company.portal.add_fault(
            Fault(kind, method, skip=skip, count=count, size=100_000, to="moved.bitrix24.ru")
        )

    @precondition(lambda self: self.company.portal.faults.script)
    @rule()
    def faults_end(self) -> None:
        self.company.portal.faults.clear()

    @rule(seconds=st.sampled_from((0, 0, 60, -60, 240, -240, 600, -600)))
    def skew(self, seconds: int) -> None:
        self.company.skew(seconds)

    @rule(whole=st.booleans())
    def rights(self, whole: bool) -> None:
        self.company.rights(whole=whole)

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
        entity=ENTITY, which=st.lists(ANY, max_size=5),
        never=st.lists(st.sampled_from(NONSENSE), max_size=3), strike=strikes, deed=deeds,
    )  # fmt: skip
    def sync_ids(
        self, entity: int, which: list[int], never: list[str], strike: Strike | None, deed: Deed | None
    ) -> None:
        slug = self.company.playing[entity % len(self.company.playing)]
        ever = sorted(self.company.ever[slug])
        ids = [str(ever[one % len(ever)]) for one in which if ever] + never
        self._right(lambda: self.world.sync_ids(slug, ids, strike=strike, deed=deed))

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
