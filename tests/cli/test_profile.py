"""`headwater profile`: for people in both languages, and for programs."""


async def test_it_is_made_where_there_is_none_and_told_to_people_and_programs(filled, headwater):
    whole = await headwater("profile")
    russian = await headwater("profile", HEADWATER_LANGUAGE="ru")
    deals = await headwater("profile", "deal", "--refresh")
    [document] = (await headwater("profile", "deals", "--json")).json

    assert whole.code == russian.code == deals.code == 0
    assert "entity records verdict complete from to doubts" in whole.words
    assert "deals 60" in whole.words
    assert "Good for: Leads and sales pipeline (0 leads, 60 deals in" in whole.words
    assert "Подходит: Лиды и воронка продаж (лидов: 0, сделок: 60, стадий:" in russian.words
    assert "field label kind filled values commonest" in deals.words
    assert "stage Stage id list 100%" in deals.words
    assert "contacts" not in [line.split()[0] for line in deals.out.splitlines() if line.strip()]
    [entity] = document["entities"]
    assert (document["connection"], entity["entity"], entity["record_count"]) == ("bitrix24", "deals", 60)
    assert {"recommendation", "completeness", "has_temporal_data", "has_categorical_variety"} <= entity.keys()
    assert {one["name"] for one in entity["fields"]} >= {"stage", "value", "source"}


async def test_what_is_not_there_is_named_with_what_there_is(given, headwater):
    entity, connection = await headwater("profile", "invoices"), await headwater("profile")

    assert (entity.code, connection.code) == (3, 3)
    assert "there are: leads, deals, contacts" in entity.words
    assert "headwater connect" in connection.words
