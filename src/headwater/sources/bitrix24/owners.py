"""Whose comments these are: events name a comment, and we keep comments by the record they belong to."""

from collections.abc import Sequence

from headwater.core.model import Owners
from headwater.sources.bitrix24.children import CHILDREN
from headwater.sources.bitrix24.lanes import number_of
from headwater.sources.bitrix24.shapes import command, section
from headwater.sources.bitrix24.telling import COMMENTS
from headwater.sources.bitrix24.wire import COMMANDS, Wire


async def owners_of(wire: Wire, comments: Sequence[str]) -> Owners:
    """Records these comments belong to, 50 comments in a request; and comments that cannot be asked."""
    owners: dict[str, list[str]] = {}
    gone: list[str] = []
    began = 0
    for at in range(0, len(comments), COMMANDS):
        asked = comments[at : at + COMMANDS]
        batch = await wire.settle(
            {f"c{id}": command("crm.timeline.comment.get", [("id", id)]) for id in asked}
        )
        began = began or batch.reply.began
        for id in asked:
            comment = section(batch.results.get(f"c{id}"))
            slug = f"{str(comment.get('ENTITY_TYPE', '')).lower()}_comments"
            owner = number_of({"ID": comment.get("ENTITY_ID")})
            if not owner:
                gone.append(id)
            elif slug in CHILDREN and str(owner) not in owners.setdefault(slug, []):
                owners[slug].append(str(owner))
    return Owners(began, owners, {COMMENTS: gone} if gone else {})
