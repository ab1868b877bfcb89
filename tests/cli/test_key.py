"""`headwater key`: keys of programs, shown once."""


async def test_a_key_is_shown_once_and_listed_without_its_secret(given, headwater):
    made = await headwater("key", "add", "metabase", "--scope", "sync", "--days", "30")
    listed = await headwater("key", "list", "--json")

    secret = made.out.strip()
    assert secret.startswith("hw_")
    assert "It is not shown again" in made.err
    assert secret not in listed.out
    [key] = listed.json
    assert (key["name"], key["scopes"], key["hint"]) == ("metabase", ["read", "sync"], secret[:8])
    assert key["expires_at"] is not None


async def test_a_key_is_revoked_by_its_name_once(given, headwater):
    await headwater("key", "add", "bot")

    assert (await headwater("key", "revoke", "bot")).code == 0
    again = await headwater("key", "revoke", "bot")
    table = await headwater("key", "list")

    assert again.code == 3
    assert "no living key 'bot'" in again.words
    assert "revoked" in table.words


async def test_a_wrong_scope_is_named_with_those_there_are(given, headwater):
    said = await headwater("key", "add", "bot", "--scope", "root")

    assert said.code == 3
    assert "there is no scope 'root'; there are: read, sync, admin" in said.words


async def test_a_way_into_the_pages_is_printed(given, headwater):
    said = await headwater("key", "enter", HEADWATER_PORT="8099")

    assert said.out.startswith("http://127.0.0.1:8099/enter?code=")
