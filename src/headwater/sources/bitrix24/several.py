"""Whether a portal heeds all owners that a command names, or the first alone: it is seen, not believed.

A page of the vendor doubts that `crm.item.productrow.list` takes several owners. Where it heeds the first
alone, the others look as if nothing belonged to them.
"""

from collections.abc import Sequence, Set
from typing import NamedTuple

ROOM = 5  # commands of a request that are kept for trials until one is proof


class Said(NamedTuple):
    """What one command brought: the owners it named, those that rows came of, and whether that was all."""

    named: Sequence[str]
    found: Set[str]
    whole: bool


class Several:
    """What is known of one portal and one kind of set.

    `proven`: several owners are heeded. `singly`: the first alone is, so that each takes a command of its
    own; `untold` as long as nobody was told of it.
    """

    def __init__(self, *, proven: bool = False, singly: bool = False) -> None:
        self.proven = proven
        self.singly = singly
        self.untold = False
        self._witness: tuple[str, str] | None = None
        self._tried: set[str] = set()

    @property
    def open(self) -> bool:
        """Whether it is not known yet."""
        return not (self.proven or self.singly)

    @property
    def settled(self) -> bool:
        """Whether it is known, and everybody was told who has to be."""
        return not self.open and not self.untold

    @property
    def witnessed(self) -> bool:
        """Whether there is an owner that has rows, and that the portal was not asked about behind another."""
        return self.open and self._witness is not None

    def trials(self, asked: Sequence[Sequence[str]], room: int) -> Sequence[Sequence[str]]:
        """The owners of so many commands at most that are asked beside these.

        Without a witness they look for one: owners that were first in no command, each before the one that
        was. A witness is asked for behind another owner, and alone before and after that: product rows that
        are saved meanwhile are no sign of anything.
        """
        if not self.open:
            return []
        if self._witness is not None:
            witness, other = self._witness
            return [[witness], [other, witness], [witness]]
        longest = max(map(len, asked), default=0)
        pairs = [[ids[at], ids[0]] for at in range(1, longest) for ids in asked if at < len(ids)]
        return pairs[:room]

    def heard(self, said: Sequence[Said]) -> None:
        """Takes in what the commands of one request brought, but for those that failed in passing."""
        if not self.open:
            return
        if any(one.found & set(one.named[1:]) for one in said):
            self.proven = True
            return
        if self._witness is not None and not self._judged(*self._witness, said):
            return
        firsts = [one.named for one in said if len(one.named) > 1 and one.found]
        untried = [(named[0], named[1]) for named in firsts if named[0] not in self._tried]
        self._witness = untried[0] if untried else None

    def give_up(self) -> None:
        """The witness cannot be asked about."""
        if self._witness is not None:
            self._tried.add(self._witness[0])
            self._witness = None

    def _judged(self, witness: str, other: str, said: Sequence[Said]) -> bool:
        """Whether the portal answered about the witness. If rows came of it before and after, and none
        behind the other, the first is heeded alone."""
        alone = [one for one in said if list(one.named) == [witness]]
        behind = [one for one in said if list(one.named) == [other, witness]]
        if len(alone) < 2 or not behind:
            return False
        self._tried.add(witness)
        self.singly = self.untold = all(one.found for one in alone) and all(one.whole for one in behind)
        return True
