"""`headwater doctor`: looks at everything, says what is wrong, why it matters and what helps, and mends what
it may."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from headwater import wiring
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, guarded, lived, settings
from headwater.cli.texts import text
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.settings import Settings
from headwater.sync.checkup import Check
from headwater.wiring import House, Tenant, house

Mend = Annotated[bool, typer.Option("--mend", help="Mend what can be mended without harm, after asking.")]
Yes = Annotated[bool, typer.Option("--yes", help="With --mend: do not ask.")]
Address = Annotated[
    str | None,
    typer.Option("--address", help="Also look at the service's public address: https://crm.example.com"),
]


def doctor(
    mend: Mend = False,
    yes: Yes = False,
    address: Address = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Look at the database, the machine and every connection; say what is wrong, why it matters, what helps.

    Examples: headwater doctor · headwater doctor --mend · headwater doctor --address https://crm.example.com
    """
    if mend and not yes and (as_json or not sys.stdin.isatty()):
        raise typer.BadParameter("to mend without being asked, say --yes")
    known = guarded(settings, as_json=as_json)

    def look() -> list[Check]:
        return guarded(lambda: lived(_looked(known, tenant, address)), as_json=as_json)

    found, done = look(), dict[str, str]()
    if mend:
        done = _mended(known, found, yes=yes, as_json=as_json)
        found = look() if done else found
    if as_json:
        checks = [{**asdict(check), "well": check.well} for check in found]
        say.json({"checks": checks, "mended": done} if mend else checks)
    else:
        for check in found:
            _show(check)
    if not all(check.well for check in found):
        raise typer.Exit(say.PERSON)


async def _looked(known: Settings, tenant: str | None, address: str | None) -> list[Check]:
    """Every check, the first ones also where the house cannot be opened."""
    found = [*wiring.home_checks(known), await wiring.port_check(known)]
    if address is not None:
        found.append(await wiring.address_check(address))
    try:
        async with house(known) as opened:
            owner, trouble = await _owner(opened, tenant)
            found += [check async for check in wiring.rounds(opened, owner)]
            found += trouble
    except HeadwaterError as exc:
        found.append(wiring.not_opened(exc))
    return found


async def _owner(opened: House, tenant: str | None) -> tuple[Tenant | None, Sequence[Check]]:
    try:
        return await opened.tenant(tenant), []
    except NeedsPerson as exc:
        return None, [Check("connections", "–", str(exc))]


def _mended(known: Settings, found: Sequence[Check], *, yes: bool, as_json: bool) -> dict[str, str]:
    """What was mended, and how; each mend once, however many checks ask for it."""
    done: dict[str, str] = {}
    for check in [one for one in found if one.remedy and one.mend]:
        if check.mend in done:
            continue
        if not yes and not typer.confirm(text("mend_ask", what=check.what, found=check.found), err=True):
            continue
        done[check.mend] = guarded(lambda mend=check.mend: lived(_mend(known, mend)), as_json=as_json)  # type: ignore[misc]  # the loop's value
        if not as_json:
            say.line("mended", what=check.what, done=done[check.mend])
    return done


async def _mend(known: Settings, mend: str) -> str:
    if mend in ("files", "migrate"):
        return await wiring.mended(None, known, mend)
    async with house(known) as opened:
        return await wiring.mended(opened, known, mend)


def _show(check: Check) -> None:
    mark = "check_ok" if not check.remedy else "check_note" if check.noted else "check_bad"
    say.plain(f"[{text(mark)}] {check.what}: {check.found}")
    if check.remedy:
        if check.why:
            say.plain(f"    {check.why}")
        say.plain(f"    → {check.remedy}")
