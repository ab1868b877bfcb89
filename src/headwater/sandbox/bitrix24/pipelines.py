"""Pipelines, their stages, and the smart processes that have pipelines of their own."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Pipeline:
    """A funnel of deals, of which 0 is the general one, or of a smart process."""

    id: int
    name: str
    sort: int
    type_id: int = 2

    @property
    def book(self) -> str:
        """The list its stages are in."""
        if self.type_id != 2:
            return f"DYNAMIC_{self.type_id}_STAGE_{self.id}"
        return f"DEAL_STAGE_{self.id}" if self.id else "DEAL_STAGE"

    @property
    def prefix(self) -> str:
        """What the codes of its stages begin with, the colon included."""
        if self.type_id != 2:
            return f"DT{self.type_id}_{self.id}:"
        return f"C{self.id}:" if self.id else ""


@dataclass(slots=True)
class Status:
    """An entry of a list (crm.status): a stage, a source, a deal type. `semantics` is S, F or None."""

    id: int
    book: str
    code: str
    name: str
    sort: int
    semantics: str | None = None
    color: str = "#39A8EF"
    system: bool = False
    category: int | None = None


@dataclass(slots=True)
class Process:
    """A smart process: `id` names its custom fields (UF_CRM_44_…), `type_id` is what methods ask for."""

    id: int
    type_id: int
    title: str
    pipelines: list[Pipeline] = field(default_factory=list)

    @property
    def book(self) -> str:
        """What its custom fields are kept under."""
        return f"CRM_{self.id}"
