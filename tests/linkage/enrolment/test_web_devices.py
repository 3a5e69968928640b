"""Devices over HTTP: who may do what with which, and what is shown once."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from alarms.credentials import enrol_tested_in
from alarms.devices import PlannedDevice
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage.enrolment.sheets import KEPT_S
from linkage.registry.schema import registry_changes
from linkage.supervision.schema import maintenance_orders
from tests.linkage.web_house import EAST, WEST, House, house

EAST_1, WEST_1 = "dongcun-017-1", "xicun-017-1"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        planned = [
            PlannedDevice(f"{village}-{number}-1", "button", f"{village}-{number}")
            for village in (EAST, WEST)
            for number in ("017", "018")
        ]
        planned.append(PlannedDevice("siren-e", "siren", group_id="dongcun-t3"))
        planned.append(PlannedDevice("stock-1", "button"))
        await made.database.write(lambda conn: made.devices.register_planned_in(conn, planned))
        await made.person("admin", "administrator")
        await made.person("head", "village-head", [EAST])
        await made.person("duty", "duty-officer")
        yield made


async def row_of(town: House, device: str):
    return await town.database.read(
        lambda conn: conn.execute(select(devices).where(devices.c.id == device)).one()
    )


async def enrolled(town: House, device: str, session) -> None:
    """As its first test does it."""
    answer = await session.post("/api/v1/devices/labels", json={"devices": [device]})
    assert answer.status == 201, await answer.text()
    at_ms = unix_ms(town.clock.now())
    await town.database.write(lambda conn: enrol_tested_in(conn, {device: at_ms}))


async def ids(answer) -> list[str]:
    assert answer.status == 200, await answer.text()
    return [item["id"] for item in (await answer.json())["items"]]


async def test_a_village_head_sees_the_own_villages_devices_only(town: House) -> None:
    async with town.browser("head") as head:
        assert await ids(await head.get("/api/v1/devices")) == [
            "dongcun-017-1",
            "dongcun-018-1",
            "siren-e",
        ]
        assert (await head.get(f"/api/v1/devices/{WEST_1}")).status == 404
        assert (await head.get("/api/v1/devices/stock-1")).status == 404


async def test_a_village_head_changes_the_own_villages_devices_only(town: House) -> None:
    async with town.browser("head") as head:
        tries = (
            head.put(f"/api/v1/devices/{WEST_1}", json={"household": "dongcun-017"}),
            head.put(f"/api/v1/devices/{EAST_1}", json={"household": "xicun-017"}),
            head.put("/api/v1/devices/new-1", json={"household": "xicun-017"}),
            head.put("/api/v1/devices/new-2", json={}),
            head.post("/api/v1/devices/labels", json={"devices": [EAST_1, WEST_1]}),
            head.post(f"/api/v1/devices/{WEST_1}/rotate"),
            head.post(f"/api/v1/devices/{WEST_1}/revoke", json={"reason": "lost"}),
        )
        for each in tries:
            assert (await each).status == 404
    assert (await row_of(town, EAST_1)).state == "planned"
    assert (await row_of(town, WEST_1)).state == "planned"


async def test_a_duty_officer_reads_devices_and_enrols_none(town: House) -> None:
    async with town.browser("duty") as duty:
        assert len(await ids(await duty.get("/api/v1/devices"))) == 6
        answer = await duty.post("/api/v1/devices/labels", json={"devices": [EAST_1]})
        assert answer.status == 403


async def test_lists_are_filtered_and_paged(town: House) -> None:
    async with town.browser("admin") as admin:
        get = lambda query: admin.get(f"/api/v1/devices?{query}")  # noqa: E731
        assert await ids(await get("village=xicun")) == ["xicun-017-1", "xicun-018-1"]
        assert await ids(await get("kind=siren")) == ["siren-e"]
        assert await ids(await get("search=stock")) == ["stock-1"]
        assert await ids(await get("search=3组017号")) == ["dongcun-017-1", "xicun-017-1"]
        assert await ids(await get("search=%25")) == []
        first = await (await get("limit=4")).json()
        assert (first["total"], first["next"]) == (6, "stock-1")
        rest = await (await get(f"limit=4&after={first['next']}")).json()
        assert ([i["id"] for i in rest["items"]], rest["next"]) == (
            ["xicun-017-1", "xicun-018-1"],
            None,
        )


async def test_lists_are_filtered_by_what_supervision_found(town: House) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        await enrolled(town, WEST_1, admin)
        order = {
            "id": "o-1",
            "kind": "silent",
            "device_id": WEST_1,
            "state": "open",
            "raised_at_ms": 1,
            "due_at_ms": 2,
            "detail": "{}",
        }
        await town.database.write(
            lambda conn: conn.execute(insert(maintenance_orders).values(**order))
        )
        get = lambda health: admin.get(f"/api/v1/devices?health={health}")  # noqa: E731
        assert await ids(await get("silent")) == [WEST_1]
        assert await ids(await get("ok")) == [EAST_1]
        shown = (await (await admin.get(f"/api/v1/devices/{WEST_1}")).json())["health"]
        assert shown == "silent"


async def test_a_sheet_is_answered_once_and_to_its_maker_only(town: House) -> None:
    async with town.browser("head") as head, town.browser("admin") as admin:
        answer = await head.post("/api/v1/devices/labels", json={"devices": [EAST_1]})
        assert answer.status == 201
        sheet = (await answer.json())["sheet"]
        assert (await admin.get(sheet)).status == 404
        page = await head.get(sheet)
        assert (page.status, page.content_type) == (200, "text/html")
        assert page.headers["Cache-Control"] == "no-store"
        text = await page.text()
        assert "3组017号" in text
        assert "东村3组" in text
        assert EAST_1 in text
        assert text.count("<svg") == 1
        assert (await head.get(sheet)).status == 404


async def test_a_sheet_that_nobody_opens_is_gone_after_ten_minutes(town: House) -> None:
    async with town.browser("admin") as admin:
        answer = await admin.post("/api/v1/devices/labels", json={"devices": [EAST_1]})
        town.clock.move(KEPT_S)
        assert (await admin.get((await answer.json())["sheet"])).status == 404


async def test_no_secret_of_a_label_is_in_the_store_in_clear(town: House, tmp_path: Path) -> None:
    async with town.browser("admin") as admin:
        answer = await admin.post("/api/v1/devices/labels", json={"devices": [EAST_1]})
        sheet = (await answer.json())["sheet"].rpartition("/")[2]
    (label,) = town.enrolment.take_sheet(sheet, "admin") or ()
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("town.db*"))
    for secret in (label.given.password, label.given.key_text):
        assert secret.encode() not in kept
    assert label.given.key not in kept
    for entry in await town.audited():
        assert label.given.password not in json.dumps(entry, default=str)


async def test_labels_of_an_enrolled_device_are_refused_and_all_of_the_sheet_with_it(
    town: House,
) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        answer = await admin.post(
            "/api/v1/devices/labels", json={"devices": ["dongcun-018-1", EAST_1]}
        )
        assert answer.status == 409
        assert EAST_1 in (await answer.json())["detail"]
    assert (await row_of(town, "dongcun-018-1")).state == "planned"


async def test_a_rotated_device_stays_enrolled_and_says_how_long_it_may_use_the_old(
    town: House,
) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        assert (await admin.post(f"/api/v1/devices/{EAST_1}/rotate")).status == 201
        shown = await (await admin.get(f"/api/v1/devices/{EAST_1}")).json()
        assert shown["state"] == "enrolled"
        assert shown["overlap_until"].startswith("2026-11-28T20:00:00")
        assert [one["change"] for one in shown["history"]] == ["rotated", "issued"]


@pytest.mark.parametrize("state", ["planned", "revoked"])
async def test_what_is_not_in_use_is_not_rotated(town: House, state: str) -> None:
    await town.database.write(
        lambda conn: conn.execute(update(devices).where(devices.c.id == EAST_1).values(state=state))
    )
    async with town.browser("admin") as admin:
        assert (await admin.post(f"/api/v1/devices/{EAST_1}/rotate")).status == 409


async def test_a_revoked_device_is_thrown_out_of_the_broker_and_written_down(town: House) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        answer = await admin.post(f"/api/v1/devices/{EAST_1}/revoke", json={"reason": "stolen"})
        assert answer.status == 200
        assert (await answer.json())["device"]["state"] == "revoked"
        again = await admin.post(f"/api/v1/devices/{EAST_1}/revoke", json={"reason": "stolen"})
        assert again.status == 409
    assert town.door.let_go_of == [EAST_1]
    entry = (await town.audited())[-1]
    assert (entry["actor"], entry["object"]) == ("admin", f"device:{EAST_1}")
    assert entry["detail"]["reason"] == "stolen"
    changes = await town.database.read(
        lambda conn: conn.scalars(
            select(registry_changes.c.change).where(registry_changes.c.entity_id == EAST_1)
        ).all()
    )
    assert changes == ["issued", "revoked"]


async def test_a_lost_device_that_was_found_is_issued_again(town: House) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        await admin.post(f"/api/v1/devices/{EAST_1}/revoke", json={"reason": "lost"})
        answer = await admin.post("/api/v1/devices/labels", json={"devices": [EAST_1]})
        assert answer.status == 201
    assert (await row_of(town, EAST_1)).state == "issued"


async def test_a_new_device_is_planned(town: House) -> None:
    async with town.browser("head") as head:
        answer = await head.put("/api/v1/devices/new-1", json={"household": "dongcun-017"})
        assert answer.status == 201
        shown = await answer.json()
    assert (shown["state"], shown["household"]["id"]) == ("planned", "dongcun-017")
    assert shown["health"] == "unsupervised"


async def test_a_device_that_moves_to_another_household_must_be_tested_again(
    town: House,
) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        body = {"household": "dongcun-018"}
        answer = await admin.put(f"/api/v1/devices/{EAST_1}", json=body)
        assert answer.status == 200
        shown = await answer.json()
        assert (shown["state"], shown["tested_at"]) == ("issued", None)
        assert shown["history"][0]["change"] == "moved"


async def test_saying_again_where_a_device_is_changes_nothing(town: House) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        body = {"household": "dongcun-017"}
        answer = await admin.put(f"/api/v1/devices/{EAST_1}", json=body)
        assert (await answer.json())["state"] == "enrolled"


async def test_registering_a_device_twice_does_not_move_the_first(town: House) -> None:
    async with town.browser("head") as head:
        await enrolled(town, EAST_1, head)
        for device, status in ((EAST_1, 409), (WEST_1, 404), ("new-1", 201)):
            body = {"household": "dongcun-018"}
            answer = await head.put(f"/api/v1/devices/{device}?new=1", json=body)
            assert answer.status == status, device
    assert (await row_of(town, EAST_1)).household_id == "dongcun-017"


async def test_a_device_in_use_keeps_its_kind_and_its_signing(town: House) -> None:
    async with town.browser("admin") as admin:
        await enrolled(town, EAST_1, admin)
        body = {"household": "dongcun-017", "unsigned": True}
        assert (await admin.put(f"/api/v1/devices/{EAST_1}", json=body)).status == 409


@pytest.mark.parametrize(
    ("device", "body", "field"),
    [
        ("设备", {}, "id"),
        ("x-1", {"kind": "toaster"}, "kind"),
        ("x-1", {"household": "dongcun-017", "group": "dongcun-t3"}, "group"),
        ("x-1", {"kind": "siren", "group": "dongcun-t3", "unsigned": True}, "unsigned"),
    ],
)
async def test_what_cannot_be_a_device_is_refused_by_field(
    town: House, device: str, body: dict[str, object], field: str
) -> None:
    async with town.browser("admin") as admin:
        answer = await admin.put(f"/api/v1/devices/{device}", json=body)
        assert answer.status == 422
        said = await answer.json()
        assert said["field"] == field
        assert re.search(r"[一-鿿].* / .*[a-z]", said["detail"])


async def test_a_device_that_turns_signed_gets_a_key(town: House) -> None:
    async with town.browser("admin") as admin:
        body = {"household": "dongcun-017", "unsigned": True}
        assert (await admin.put("/api/v1/devices/u-1", json=body)).status == 201
        assert (await row_of(town, "u-1")).key_sealed is None
        answer = await admin.put("/api/v1/devices/u-1", json={"household": "dongcun-017"})
        assert answer.status == 200
    assert (await row_of(town, "u-1")).key_sealed is not None


async def test_the_sheets_style_is_no_secret_and_no_inline_style_is_needed(town: House) -> None:
    async with town.browser("admin") as admin:
        style = await admin.get("/api/v1/devices/label-sheet.css")
        assert (style.status, style.content_type) == (200, "text/css")
        answer = await admin.post("/api/v1/devices/labels", json={"devices": [EAST_1]})
        page = await (await admin.get((await answer.json())["sheet"])).text()
    assert "style=" not in page
    assert "<style" not in page
    assert '<link rel="stylesheet" href="/api/v1/devices/label-sheet.css">' in page
