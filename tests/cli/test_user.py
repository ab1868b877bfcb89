"""`headwater user` and `headwater tenant`: what an administrator types, and what he is told."""


async def test_the_first_owner_is_invited_and_listed(given, headwater):
    made = await headwater("user", "add", "Boss@example.com", "--role", "owner", HEADWATER_PORT="8099")
    listed = await headwater("user", "list")
    told = await headwater("user", "list", "--json")

    assert made.out.startswith("http://127.0.0.1:8099/welcome?code=hi_")
    assert "It is not shown again" in made.err
    assert "boss@example.com owner all records – invited" in listed.words
    [one] = told.json
    assert (one["email"], one["role"], one["own"], one["password"]) == (
        "boss@example.com",
        "owner",
        None,
        False,
    )
    assert made.out.strip().rpartition("=")[2] not in told.out


async def test_roles_sessions_and_invitations_are_changed(given, headwater):
    await headwater("user", "add", "boss@example.com", "--role", "owner")
    first = await headwater("user", "add", "oleg@example.com", "--role", "viewer", "--json")
    said = {
        "role": await headwater("user", "role", "oleg@example.com", "analyst"),
        "sessions": await headwater("user", "sessions", "oleg@example.com"),
        "ended": await headwater("user", "sessions", "oleg@example.com", "--end-all", "--json"),
        "anew": await headwater("user", "password", "oleg@example.com", "--json"),
        "out": await headwater("user", "disable", "oleg@example.com"),
        "in": await headwater("user", "enable", "oleg@example.com", "--json"),
    }

    assert {name: one.code for name, one in said.items()} == dict.fromkeys(said, 0)
    assert "oleg@example.com is analyst from now on" in said["role"].words
    assert "inside nowhere" in said["sessions"].words
    assert said["ended"].json == {"ended": 1, "sessions": []}
    assert said["anew"].json["invitation"] != first.json["invitation"]
    assert "shut out" in said["out"].words
    assert said["in"].json["disabled_at"] is None


async def test_a_manager_is_one_of_a_connection(filled, headwater):
    owner = next(iter(filled.portal.truth()))["ASSIGNED_BY_ID"]
    made = await headwater(
        "user", "add", "oleg@example.com", "--role", "manager", "--own", f"bitrix24:{owner}"
    )
    listed = await headwater("user", "list")
    key = await headwater("key", "add", "oleg", "--own", f"bitrix24:{owner}", "--json")

    assert made.code == 0, made.words
    assert f"oleg@example.com manager bitrix24:{owner}" in listed.words
    assert (key.json["own"], key.json["scopes"]) == ([f"bitrix24:{owner}"], ["read"])


async def test_a_mistake_says_what_would_be_right(given, headwater):
    await headwater("user", "add", "boss@example.com", "--role", "owner")
    for words, why in (
        ("add nobody --role owner", "no e-mail address"),
        ("add a@b.c --role king", "there is no role 'king'; there are: owner, analyst, viewer, manager"),
        ("add a@b.c --role manager", "say whose"),
        ("add a@b.c --role manager --own bitrix24:7", "there is no connection 'bitrix24'"),
        ("add boss@example.com --role viewer", "already"),
        ("role nobody@b.c viewer", "there is no person"),
        ("role boss@example.com viewer", "somebody else an owner first"),
        ("disable boss@example.com", "somebody else an owner first"),
    ):
        said = await headwater("user", *words.split())

        assert said.code == 3, words
        assert why in said.words


async def test_tenants_are_made_listed_and_renamed(given, headwater):
    none = await headwater("tenant", "list")
    made = await headwater("tenant", "add", "acme", "--title", "Acme Ltd")
    again = await headwater("tenant", "add", "acme")
    renamed = await headwater("tenant", "rename", "acme", "--slug", "acme_2", "--json")
    listed = await headwater("tenant", "list")

    assert "no tenant yet" in none.words
    assert "Tenant acme (Acme Ltd) is there." in made.words
    assert (again.code, "already" in again.words) == (3, True)
    assert (renamed.json["slug"], renamed.json["title"]) == ("acme_2", "Acme Ltd")
    assert "acme_2 Acme Ltd" in listed.words


async def test_a_short_secret_ends_the_program_with_a_clear_word(given, headwater):
    said = await headwater("user", "list", HEADWATER_SUPABASE_JWT_SECRET="short")
    alone = await headwater("user", "list", HEADWATER_OIDC_ISSUER="https://id.example")

    assert (said.code, alone.code) == (3, 3)
    assert "HEADWATER_SUPABASE_JWT_SECRET" in said.words
    assert "under 32 bytes" in said.words
    assert "HEADWATER_OIDC_AUDIENCE" in alone.words
