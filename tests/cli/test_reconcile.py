"""`headwater reconcile` and `headwater certificate`: the replica against its portal, in writing."""


async def test_an_equal_replica_gets_its_certificate(filled, headwater):
    said = await headwater("reconcile", "--entity", "deals", "--seed", "11")

    assert said.code == 0
    assert "bitrix24, deals, portal " + filled.host in said.words
    assert "EQUAL: the replica had what the source has, up to 20" in said.words
    assert "records: 60 in the source, 60 stored before, 60 after" in said.words
    assert "sample: 60 records compared field by field" in said.words
    assert "seed 11; 4" in said.words
    assert "0 records differed" in said.words
    assert "not checked: the fields of 0 records outside the sample" in said.words


async def test_a_deleted_deal_goes_and_the_certificate_says_so(filled, headwater):
    [gone, *_] = [int(record["ID"]) for record in filled.portal.truth()]
    filled.portal.remove([gone])

    said = await headwater("reconcile", "--entity", "deals", "--json")

    [kept] = said.json
    assert (said.code, kept["verdict"], kept["entity"]) == (0, "repaired", "deals")
    assert (kept["body"]["extra"], kept["body"]["deleted"]) == (1, 1)
    assert kept["body"]["examples"] == {"extra": [str(gone)]}


async def test_many_vanished_deals_are_an_alarm_until_a_person_accepts_them(filled, headwater):
    filled.portal.remove([int(record["ID"]) for record in filled.portal.truth()][:40])

    alarmed = await headwater("reconcile", "--entity", "deals")
    accepted = await headwater("reconcile", "--entity", "deals", "--accept-deletions")

    assert alarmed.code == 1
    assert "NOT EQUAL" in alarmed.words
    assert "ALARM: 40 of 60 records are not in the source any more; of 40 asked for" in alarmed.words
    assert accepted.code == 0
    assert "40 moved to headwater.gone" in accepted.words


async def test_a_silent_edit_is_named_with_both_values(filled, headwater):
    record = next(iter(filled.portal.truth()))
    filled.portal.change(int(record["ID"]), {"TITLE": "silent"}, touch=False)

    said = await headwater("reconcile", "--entity", "deals")

    assert said.code == 0
    assert f"record {record['ID']}, TITLE: the source has 'silent', stored was" in said.words


async def test_certificates_are_listed_and_printed_again(filled, headwater):
    await headwater("reconcile", "--entity", "deals")
    filled.portal.remove([int(next(iter(filled.portal.truth()))["ID"])])
    first = await headwater("reconcile", "--entity", "deals")

    listed = await headwater("certificate", "list", "--json")
    table = await headwater("certificate", "list")
    shown = await headwater("certificate", "show", str(listed.json[0]["id"]))

    assert [one["verdict"] for one in listed.json] == ["repaired", "equal"]
    assert "no. connection entity issued verdict" in table.words
    assert shown.out == first.out


async def test_the_certificate_speaks_russian(filled, headwater):
    said = await headwater("reconcile", "--entity", "deals", HEADWATER_LANGUAGE="ru")

    assert "СОВПАДАЕТ: в копии было всё, что есть в источнике" in said.words


async def test_an_unknown_certificate_is_said_to_be_unknown(filled, headwater):
    said = await headwater("certificate", "show", "77")
    empty = await headwater("certificate", "list")

    assert (said.code, said.out) == (1, "There is no certificate 77.\n")
    assert empty.out == "There are no certificates yet: headwater reconcile\n"
