"""`headwater doctor`: looks at everything, says what is wrong and what helps."""

from dataclasses import asdict

import typer

from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.cli.texts import text
from headwater.core.errors import NeedsPerson
from headwater.core.settings import unknown
from headwater.sync.checkup import Check, connection_checks, database_checks, settings_check
from headwater.wiring import House


def doctor(tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Look at the database, the machine and every connection; say what is wrong and what helps.

    Example: headwater doctor
    """

    async def work(house: House) -> list[Check]:
        found = [settings_check(unknown())]
        found += await database_checks(house.warehouse, house.clock, house.settings.home)
        try:
            links = await house.links(await house.tenant(tenant))
        except NeedsPerson as exc:
            return [*found, Check("connections", "–", str(exc))]
        return [*found, *[check async for check in connection_checks(links, house.source_of)]]

    found = run(work, as_json=as_json)
    if as_json:
        say.json([{**asdict(check), "well": check.well} for check in found])
    else:
        for check in found:
            mark = text("check_ok" if check.well else "check_bad")
            say.plain(f"[{mark}] {check.what}: {check.found}")
            if check.remedy:
                say.plain(f"    → {check.remedy}")
    if not all(check.well for check in found):
        raise typer.Exit(say.PERSON)
