"""What people may do, by their role."""

from types import MappingProxyType

from headwater.core.errors import NeedsPerson
from headwater.warehouse.pool import People

OWNER, ANALYST, VIEWER, MANAGER = "owner", "analyst", "viewer", "manager"

SCOPES_OF = MappingProxyType(
    {
        OWNER: ("read", "sync", "admin"),
        ANALYST: ("read", "sync"),
        VIEWER: ("read",),
        MANAGER: ("read",),
    }
)
"""By role, what it may do. A manager sees his own records only: policies of the database see to that."""


def own_of(role: str, own: People | None) -> People | None:
    """Whose records alone somebody of this role sees; None: those of the whole tenant."""
    return (own or {}) if role == MANAGER else None


def fitting(role: str, own: People | None) -> People:
    """Whose records a person is to see, checked against his role. Raises NeedsPerson."""
    if role not in SCOPES_OF:
        raise NeedsPerson(f"there is no role {role!r}; there are: {', '.join(SCOPES_OF)}")
    if role == MANAGER and not own:
        raise NeedsPerson("a manager sees his own records: say whose they are, for example bitrix24:42")
    if role != MANAGER and own:
        raise NeedsPerson(f"with the role {role!r} one sees all records: only a manager has some of his own")
    return own or {}
