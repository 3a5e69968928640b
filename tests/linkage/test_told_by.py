"""How each household asked to be told of a neighbour's call: its button, a telephone call, both."""

import pytest
from sqlalchemy import update

from alarms.model import AlarmKind
from linkage.schema import households, incident_alarms, incidents
from tests.linkage.registry_room import API, GROUP, HOME, registry_as
from tests.linkage.test_engine import Town
from tests.linkage.town import actions_of, open_town, press
from tests.linkage.web_house import EAST, house

OTHER = f"{EAST}-018"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def house_(tmp_path):
    async with house(tmp_path) as h:
        yield h


@pytest.fixture
async def registry(house_):
    async with registry_as(house_, "admin") as r:
        yield r


async def wants(registry, home, told_by, **more):
    label = (await registry.get(f"/households/{home}"))["household"]["label"]
    body = {"group": GROUP, "label": label, "told_by": told_by, **more}
    await registry.put(f"/households/{home}", body)


async def panel(registry, incident="i-1"):
    async with registry.browser.get(f"/api/v1/incidents/{incident}") as answer:
        return {h["id"]: h for h in (await answer.json())["group"]["households"]}


async def test_the_choice_is_kept_shown_and_in_the_history(registry):
    assert (await registry.get(f"/households/{HOME}"))["household"]["told_by"] == "button"
    await wants(registry, HOME, "phone")
    label = (await registry.get(f"/households/{HOME}"))["household"]["label"]
    await registry.put(f"/households/{HOME}", {"group": GROUP, "label": label})
    found = await registry.get(f"/households/{HOME}")
    assert found["household"]["told_by"] == "phone", "what is left out stays"
    assert found["history"][0]["data"] == {"fields": ["told_by"]}
    body = {"group": GROUP, "label": label, "told_by": "pigeon"}
    await registry.put(f"/households/{HOME}", body, status=422)


async def test_a_sheet_takes_the_choice_there_and_back(registry):
    await wants(registry, HOME, "both")
    async with registry.browser.get(f"{API}/households.csv") as answer:
        sheet = await answer.text()
    row = next(line for line in sheet.splitlines() if HOME in line)
    assert "两者" in row
    for said, kept in (("电话", "phone"), ("button", "button"), ("都要", "both")):
        file = sheet.replace("两者", said)
        async with registry.browser.post(
            f"{API}/import", data=file.encode(), headers=CSV
        ) as answer:
            assert (await answer.json())["ok"]
        assert (await registry.get(f"/households/{HOME}"))["household"]["told_by"] == kept
    file = sheet.replace("两者", "鸽子")
    async with registry.browser.post(f"{API}/import", data=file.encode(), headers=CSV) as answer:
        (problem,) = (await answer.json())["problems"]
    assert (problem["column"], problem["value"]) == ("通知方式", "鸽子")


@pytest.fixture(params=["sqlite", "postgresql"])
async def town_database(request, tmp_path):
    on_postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if on_postgres else None
    database = await open_town(tmp_path, url=url)
    yield database
    await database.close()


async def test_a_phone_only_households_button_is_told_nothing_and_the_others_are(town_database):
    room = Town(town_database)
    for home, how in (("h2", "phone"), ("h3", "both")):
        changed = update(households).where(households.c.id == home).values(told_by=how)
        await town_database.write(lambda conn, one=changed: conn.execute(one))
    await room.happens(press("b1", 1))
    told = {action["target"] for action in await actions_of(town_database, "notice")}
    assert told == {"b3"}


async def test_the_incident_lists_whom_an_officer_must_telephone(house_, registry):
    await house_.incident("i-1", kind="fire")
    await wants(registry, OTHER, "both")
    shown = await panel(registry)
    assert (shown[OTHER]["told_by"], shown[OTHER]["telephone"]) == ("both", True)
    assert shown[HOME]["telephone"] is False, "it called itself"
    await wants(registry, OTHER, "phone", wants_notices=False)
    shown = await panel(registry)
    assert (shown[OTHER]["told_by"], shown[OTHER]["telephone"]) == (None, False)


@pytest.mark.parametrize("quiet", ["kind", "silent", "alarm"])
async def test_nobody_is_telephoned_about_what_must_be_quiet(house_, registry, quiet):
    await house_.incident("i-1", kind="fire")
    await wants(registry, OTHER, "phone")
    assert (await panel(registry))[OTHER]["telephone"] is True
    change = {
        "kind": update(incidents).values(kind=AlarmKind.DURESS.value),
        "silent": update(incidents).values(silent=True),
        "alarm": update(incident_alarms).values(silent=True),
    }[quiet]
    await house_.database.write(lambda conn: conn.execute(change))
    assert (await panel(registry))[OTHER]["telephone"] is False
