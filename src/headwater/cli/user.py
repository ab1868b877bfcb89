"""`headwater user`: people who look at a tenant's data through the pages and the API."""

from datetime import datetime
from typing import Annotated, Any

import typer

from headwater.access import own as owns
from headwater.access import people
from headwater.access.people import Person, Session
from headwater.cli import say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.cli.texts import text
from headwater.wiring import House

app = typer.Typer(help="People: who may see and do what.", no_args_is_help=True, rich_markup_mode=None)

Who = Annotated[
    str, typer.Argument(help="The address, or the number in `headwater user list`.", metavar="EMAIL")
]
Own = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONNECTION:PERSON",
        help="For a manager: whose records he sees, by the id in the portal; may be given several times.",
    ),
]
ROLES = "owner (everything), analyst (sees all, syncs), viewer (sees all), manager (sees his own records)."


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The person's address.", metavar="EMAIL")],
    role: Annotated[str, typer.Option(help=ROLES, metavar="ROLE")],
    own: Own = None,
    name: Annotated[str, typer.Option(help="What people call him.")] = "",
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Invite somebody, and print the address at which he chooses a password: once, and good for a week.

    Examples: headwater user add boss@example.com --role owner ·
    headwater user add oleg@example.com --role manager --own bitrix24:42
    """

    async def work(house: House) -> tuple[dict[str, Any], str]:
        owner = await house.tenant(tenant)
        person, code = await people.invited(
            house.warehouse, owner.id, email, role=role, name=name, now=house.clock.now(),
            own=await owns.meant(house.warehouse, owner.id, own or []),
        )  # fmt: skip
        return {"tenant": owner.slug, **_told(person)}, house.welcome(code)

    told, address = run(work, as_json=as_json)
    if as_json:
        say.json(told | {"invitation": address})
    else:
        say.plain(address)
        say.errors.print(text("user_added", email=told["email"], role=told["role"]), markup=False)


@app.command("list")
def list_(tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Show the people: what they may do, whether they have entered, when they were seen last.

    Example: headwater user list
    """

    async def work(house: House) -> list[tuple[Person, list[str] | None]]:
        owner = await house.tenant(tenant)
        return [
            (one, await owns.told(house.warehouse, owner.id, people.sees(one)))
            for one in await people.listed(house.warehouse, owner.id)
        ]

    found = run(work, as_json=as_json)
    if as_json:
        say.json([_told(one) | {"own": words} for one, words in found])
    elif not found:
        say.line("user_none")
    else:
        heads = ("col_number", "col_email", "col_role", "col_sees", "col_seen", "col_state")
        say.table(heads, [
            (
                one.id, one.email, one.role,
                text("bi_everybody") if words is None else ", ".join(words),
                _moment(one.last_seen_at), text(_state(one)),
            )
            for one, words in found
        ])  # fmt: skip


@app.command()
def role(
    who: Who,
    new: Annotated[str, typer.Argument(help=ROLES, metavar="ROLE")],
    own: Own = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Give somebody another role. It holds from his next request on.

    Examples: headwater user role oleg@example.com analyst ·
    headwater user role oleg@example.com manager --own bitrix24:42
    """

    async def work(house: House) -> Person:
        owner = await house.tenant(tenant)
        person = await people.called(house.warehouse, owner.id, who)
        return await people.changed(
            house.warehouse, owner.id, person.id, role=new,
            own=await owns.meant(house.warehouse, owner.id, own or []),
        )  # fmt: skip

    _tell("user_role", run(work, as_json=as_json), as_json=as_json)


@app.command()
def disable(who: Who, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Shut somebody out: his sessions end at once. Keys that he made for programs go on, and are named.

    Example: headwater user disable oleg@example.com
    """

    async def work(house: House) -> tuple[Person, list[str]]:
        owner = await house.tenant(tenant)
        person = await people.called(house.warehouse, owner.id, who)
        keys = await people.disabled(house.warehouse, owner.id, person.id, now=house.clock.now())
        return await people.numbered(house.warehouse, owner.id, person.id), [key.name for key in keys]

    person, keys = run(work, as_json=as_json)
    if as_json:
        say.json(_told(person) | {"keys": keys})
        return
    _tell("user_disabled", person, as_json=False)
    for name in keys:
        say.line("user_key_left", name=name)


@app.command()
def enable(who: Who, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Let somebody in again, with the password he had.

    Example: headwater user enable oleg@example.com
    """

    async def work(house: House) -> Person:
        owner = await house.tenant(tenant)
        person = await people.called(house.warehouse, owner.id, who)
        return await people.enabled(house.warehouse, owner.id, person.id)

    _tell("user_enabled", run(work, as_json=as_json), as_json=as_json)


@app.command()
def sessions(
    who: Who,
    end: Annotated[int | None, typer.Option(help="End this one.", metavar="NUMBER")] = None,
    end_all: Annotated[
        bool, typer.Option("--end-all", help="End all of them, and open invitations.")
    ] = False,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show where somebody is inside; end one session or all of them.

    Examples: headwater user sessions oleg@example.com · headwater user sessions oleg@example.com --end-all
    """

    async def work(house: House) -> tuple[int, list[Session]]:
        owner, now = await house.tenant(tenant), house.clock.now()
        person = await people.called(house.warehouse, owner.id, who)
        ended = 0
        if end is not None or end_all:
            only = None if end_all else end
            ended = await people.turned_out(house.warehouse, owner.id, person.id, now=now, only=only)
        return ended, list(await people.sessions(house.warehouse, owner.id, person.id, now=now))

    ended, found = run(work, as_json=as_json)
    if as_json:
        say.json({"ended": ended, "sessions": [one._asdict() for one in found]})
        return
    if end is not None or end_all:
        say.line("user_ended", count=ended)
    if found:
        say.table(
            ("col_number", "col_since", "col_until", "col_used"),
            [
                (one.id, _moment(one.created_at), _moment(one.expires_at), _moment(one.last_used_at))
                for one in found
            ],
        )
    else:
        say.line("user_no_sessions")


@app.command()
def password(who: Who, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Invite somebody anew who lost his password. What he had is worth nothing at once: password, sessions,
    the account of an issuer that was taken for him.

    Example: headwater user password oleg@example.com
    """

    async def work(house: House) -> tuple[Person, str]:
        owner = await house.tenant(tenant)
        person = await people.called(house.warehouse, owner.id, who)
        code = await people.begun_anew(house.warehouse, owner.id, person.id, now=house.clock.now())
        return person, house.welcome(code)

    person, address = run(work, as_json=as_json)
    if as_json:
        say.json({"email": person.email, "invitation": address})
    else:
        say.plain(address)
        say.errors.print(text("user_anew", email=person.email), markup=False)


def _tell(key: str, person: Person, *, as_json: bool) -> None:
    if as_json:
        say.json(_told(person))
    else:
        say.line(key, email=person.email, role=person.role)


def _told(one: Person) -> dict[str, Any]:
    return {
        "number": one.id,
        "email": one.email,
        "name": one.name,
        "role": one.role,
        "password": one.entered,
        "issuer": one.issuer,
        "created_at": one.created_at,
        "disabled_at": one.disabled_at,
        "last_seen_at": one.last_seen_at,
    }


def _state(one: Person) -> str:
    if one.disabled_at is not None:
        return "user_state_disabled"
    return "user_state_inside" if one.entered or one.issuer else "user_state_invited"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
