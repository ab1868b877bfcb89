"""`headwater profile`: for people in both languages, and for programs."""


async def test_it_is_made_where_there_is_none_and_shows_verdicts_and_doubts(filled, headwater):
    said = await headwater("profile")

    assert said.code == 0
    assert "entity records verdict complete from to doubts" in said.words
    assert "deals 60" in said.words
    assert "Good for: Leads and sales pipeline (0 leads, 60 deals in" in said.words


async def test_one_entity_is_told_with_its_fields(filled, headwater):
    said = await headwater("profile", "deal", "--refresh")

    assert said.code == 0
    assert "field label kind filled values commonest" in said.words
    assert "stage Stage id list 100%" in said.words
    assert "contacts" not in said.words.partition("field label")[0].partition("doubts")[2].split()[:3]


async def test_it_speaks_russian(filled, headwater):
    said = await headwater("profile", HEADWATER_LANGUAGE="ru")

    assert "Подходит: Лиды и воронка продаж" in said.words
    assert "заключение" in said.words


async def test_for_programs(filled, headwater):
    [found] = (await headwater("profile", "deals", "--json")).json

    [deals] = found["entities"]
    assert (found["connection"], deals["entity"], deals["record_count"]) == ("bitrix24", "deals", 60)
    assert {"recommendation", "completeness", "has_temporal_data", "has_categorical_variety"} <= deals.keys()
    assert {one["name"] for one in deals["fields"]} >= {"stage", "value", "source"}


async def test_an_entity_that_is_not_there_is_named_with_those_there_are(filled, headwater):
    said = await headwater("profile", "invoices")

    assert said.code == 3
    assert "there are: leads, deals, contacts" in said.words


async def test_before_any_connection_it_says_what_to_do(given, headwater):
    said = await headwater("profile")

    assert said.code == 3
    assert "headwater connect" in said.words
