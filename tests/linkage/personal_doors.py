"""What is personal, put in by every door there is; and looking for it, on disk and on pages."""

import sqlite3
from contextlib import closing

from sqlalchemy import insert

from alarms.devices import DeviceRegistry
from alarms.judging import Judge
from alarms.mqtt import Inbound
from alarms.store import chain
from lianfang_timing import unix_ms
from linkage import records
from linkage.chains import CHAINED
from linkage.supervision.schema import maintenance_orders
from linkage.ways.planning import webhook_action
from linkage.ways.settings import Use, Webhook
from tests.linkage.registry_room import API, GROUP, HOME
from tests.linkage.web_house import EAST

NAME, PHONE, ADDRESS, HEALTH = "欧阳慕容绯", "13987650123", "琥珀巷七十七号", "髋关节置换"
OTHER, OTHER_PHONE = "司徒鹤鸣", "13456780987"
PERSONAL = (NAME, PHONE, ADDRESS, HEALTH, OTHER, OTHER_PHONE)
SAID = f"{NAME} {PHONE} {ADDRESS} {HEALTH} {OTHER} {OTHER_PHONE}"
ORDER_ROW = {
    "id": "order-1",
    "kind": "low",
    "device_id": "b9",
    "household_id": HOME,
    "village_id": EAST,
    "state": "open",
    "raised_at_ms": 0,
    "due_at_ms": 0,
    "detail": "{}",
}
NEIGHBOUR = f"{EAST}-018"
TIMES = {"from": "2026-11-22T08:00:00+08:00", "until": "2026-11-22T20:00:00+08:00"}
HOURS = {"begin": "2026-11-21T21:00:00+08:00", "end": "2026-11-21T22:00:00+08:00"}
ELSEWHERE = {
    "silences": {"cameras": ["cam-east"], "reason": SAID, "end": HOURS["end"]},
    "maintenance": {"cameras": ["cam-east"], "reason": SAID, "end": HOURS["end"]},
    "drills": {"name": "演练", "villages": [EAST], **HOURS, "note": SAID, "notice_to": SAID},
    "duty/posts": {"id": "desk", "name": "研判室", "role": "duty-officer"},
    "duty/overrides": {"post": "desk", "username": "duty", **TIMES, "reason": SAID},
    "duty/absences": {"username": "duty", **TIMES, "reason": "sick", "note": SAID},
    "appraisal/visits": {"household": NEIGHBOUR, "said": SAID},
}
LABEL = "3组带院子的那户"
CONTACT = {
    "name": NAME,
    "phone": PHONE,
    "address": ADDRESS,
    "health": HEALTH,
    "further": [{"name": OTHER, "phone": OTHER_PHONE, "relation": "女儿"}],
}
NOTE, REASON = {"note": SAID}, {"reason": SAID}
EXPORT = dict.fromkeys(
    ("purpose", "legal_basis", "case_number", "recipient_unit", "recipient_name", "approver"), SAID
)
STEPS = (
    ("acknowledge", NOTE),
    ("verify", NOTE),
    ("dispatch", {**NOTE, "to": SAID}),
    ("reassign", {**REASON, "to": SAID}),
    ("return", {**REASON, "to": SAID}),
    ("dispatch", {**NOTE, "to": SAID}),
    ("respond", NOTE),
    ("close", {**NOTE, "outcome": "real"}),
    ("reopen", REASON),
    ("acknowledge", NOTE),
    ("close", {**NOTE, "outcome": "real"}),
    ("review", NOTE),
    ("note", NOTE),
)


async def through_every_door(town, registry):
    body = {"group": GROUP, "label": LABEL, "contact": CONTACT}
    await registry.put(f"/households/{HOME}", body)
    estate = {"village": EAST, "name": "花园", "property_phone": OTHER_PHONE}
    await registry.put(f"/estates/{EAST}-e1", estate)
    await registry.post(f"/households/{HOME}/unmask", {"reason": SAID})
    await registry.browser.get(f"{API}/directory/{EAST}?reason={SAID}")
    await town.incident("i-1")
    await report_by_telephone(town)
    await _a_refused_message(town)
    await _the_station_is_told(town)
    await _a_device_is_seen_to(town)
    async with town.browser("shift") as browser:
        await browser.post("/api/v1/incidents/i-1/station-telephoned", json={"note": SAID})
        await _the_station_confirms(town)
        for name, body in STEPS:
            await step(browser, name, body)
        await _evidence_is_held_and_asked_for(browser, "i-1")
        await _cameras_are_looked_at(town, browser, "i-1")
        await _about_others(town, browser)
        await _a_camera_is_offered(browser)
        handed = await (await browser.post("/api/v1/handover", json={"notes": SAID})).json()
    async with town.browser("duty") as browser:
        await browser.post(f"/api/v1/handover/{handed['id']}/sign", json={"notes": SAID})
    return handed["id"]


async def _cameras_are_looked_at(town, browser, incident):
    """A picture, and live."""
    path = f"/api/v1/cameras/cam-east/snapshot.jpg?purpose={SAID}"
    async with browser.get(path) as answer:
        assert answer.status == 200
    headers = {"Origin": town.url.rstrip("/")}
    async with browser.ws_connect("/api/v1/live", headers=headers) as socket:
        ask = {"type": "open", "view": 0, "camera": "cam-east", "purpose": SAID}
        await socket.send_json({**ask, "incident": incident})
        assert (await socket.receive_json())["type"] == "begun"


async def step(browser, name, body, incident="i-1"):
    version = (await (await browser.get(f"/api/v1/incidents/{incident}")).json())["version"]
    async with browser.post(
        f"/api/v1/incidents/{incident}/{name}", json=body, headers={"If-Match": str(version)}
    ) as answer:
        assert answer.status == 200, f"{name}: {await answer.text()}"


async def _about_others(town, browser):
    """In what concerns another household, or none."""
    await town.incident("i-2", household_id=NEIGHBOUR)
    await report_by_telephone(town, NEIGHBOUR)
    for name, body in STEPS:
        await step(browser, name, body, incident="i-2")
    await _evidence_is_held_and_asked_for(browser, "i-2")
    for path, body in ELSEWHERE.items():
        async with browser.post(f"/api/v1/{path}", json=body) as answer:
            assert answer.status == 201, await answer.text()


async def _a_camera_is_offered(browser):
    """By a neighbour, whose paper mentions the household."""
    about = "/api/v1/cameras/cam-home/consent"
    agreed = {
        "household": NEIGHBOUR,
        "agreed_by": NAME,
        "agreed_on": "2026-11-20",
        "purpose": SAID,
        "reference": SAID,
    }
    async with browser.post(f"{about}/withdraw", json={"said": SAID}) as answer:
        assert answer.status == 204, await answer.text()
    async with browser.post(about, json=agreed) as answer:
        assert answer.status == 201, await answer.text()


async def _evidence_is_held_and_asked_for(browser, incident):
    about = f"/api/v1/incidents/{incident}"
    async with browser.post(f"{about}/holds", json=REASON) as answer:
        assert answer.status == 201, await answer.text()
        hold = (await answer.json())["id"]
    async with browser.post(f"/api/v1/holds/{hold}/release", json=REASON) as answer:
        assert answer.status == 204, await answer.text()
    async with browser.post(f"{about}/exports", json=EXPORT) as answer:
        assert answer.status == 201, await answer.text()


async def report_by_telephone(town, home=HOME):
    body = {"kind": "fire", "household": home, "text": SAID, "reporter": f"{OTHER} {OTHER_PHONE}"}
    async with town.browser("duty") as browser:
        headers = {"Idempotency-Key": f"call {PHONE} {home}"}
        answer = await browser.post("/api/v1/reports", json=body, headers=headers)
        assert answer.status == 201


async def _a_refused_message(town):
    judge = Judge(DeviceRegistry(town.database, town.box), town.clock, "lianfang")
    for payload in (SAID.encode(), f'{{"v":1,"boot":1,"seq":1,"kind":"{PHONE}"}}'.encode()):
        message = Inbound("lianfang/button/b9/press", payload, False, False, 1, 1, 0.0)
        await town.log.take_in(lambda conn, m=message: judge(conn, [m]))


async def _the_station_is_told(town):
    now_ms = unix_ms(town.clock.now())
    station = Webhook("station", "https://jcj.example/", b"", frozenset({Use.STATION}))
    told = webhook_action(station, cause="a", event="opened", now_ms=now_ms, use=Use.STATION)
    await town.database.write(lambda conn: records.plan(conn, "i-1", [told], now_ms=now_ms))


async def _the_station_confirms(town):
    headers = {"Authorization": f"Bearer {await town.machine('jcj', 'dispatcher')}"}
    body = {"incident": "i-1", "reference": SAID}
    async with (
        town.browser() as browser,
        browser.post("/api/v1/station/confirmations", json=body, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def _a_device_is_seen_to(town):
    await town.database.write(
        lambda conn: conn.execute(insert(maintenance_orders).values(ORDER_ROW))
    )
    async with town.browser("shift") as browser:
        path = "/api/v1/maintenance-orders/order-1/done"
        async with browser.post(path, json={"note": SAID}) as answer:
            assert answer.status == 200
            assert (await answer.json())["note"] == SAID


def on_disk(folder):
    """Every byte of the store: the file, what waits to be written into it, and a backup."""
    file = folder / "town.db"
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("VACUUM INTO ?", (str(folder / "backup.db"),))
    found = b"".join(path.read_bytes() for path in sorted(folder.glob("*.db*")))
    (folder / "backup.db").unlink()
    return found


def seen_in(found):
    """Which of it can be read there, as it is or as JSON writes it."""
    forms = {p: (p.encode(), p.encode("unicode_escape"), p.encode("utf-16-le")) for p in PERSONAL}
    return {p for p, ways in forms.items() if any(way in found for way in ways)}


async def readable(registry, handover):
    """Everything that anybody can read of it, as one text."""
    pages = [
        f"/api/v1/handover/{handover}",
        f"/api/v1/handover/{handover}.html",
        "/api/v1/incidents/i-2",
        f"{API}/households/{NEIGHBOUR}/export",
        "/api/v1/silences",
        "/api/v1/maintenance",
        "/api/v1/drills",
        "/api/v1/ledgers/drills/print",
        "/api/v1/duty",
        "/api/v1/duty/overrides",
        "/api/v1/duty/absences",
        "/api/v1/incidents/i-1",
        "/api/v1/incidents/i-1/custody",
        "/api/v1/incidents/i-2/custody",
        "/api/v1/exports",
        "/api/v1/cameras/households",
        "/api/v1/cameras/cam-home/owner-log",
        "/api/v1/cameras/cam-home/owner-log.html",
        "/api/v1/incidents?state=closed",
        "/api/v1/alarms",
        f"{API}/tree",
        f"{API}/households?gone=1",
        f"{API}/households/{HOME}",
        f"{API}/households/{HOME}/export",
        f"{API}/groups/{GROUP}",
        f"{API}/households.csv",
        f"{API}/devices.csv",
        "/api/v1/maintenance-orders?state=done",
        f"{API}/directory/{EAST}?reason=x",
    ]
    found = []
    for path in pages:
        async with registry.browser.get(path) as answer:
            assert answer.status == 200, path
            found.append(await answer.text())
    return "\n".join(found)


async def chain_faults(town):
    return await town.database.read(
        lambda conn: [f for table in CHAINED for f in chain.faults(conn, table, town.box)]
    )
