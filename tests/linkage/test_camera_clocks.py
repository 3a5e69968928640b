"""How far cameras' clocks are off is read without a login and kept."""

from pathlib import Path

from sqlalchemy import insert, select

from alarms.store import Database, SealedBox
from camerad.errors import CameraUnreachable
from lianfang_timing import unix_ms
from linkage import schema
from linkage.camera_clock_metrics import CameraClockMetrics
from linkage.camera_clocks import CameraClocks
from linkage.cameras import CameraRegistry
from tests.linkage.town import NOON, HandClock
from tests.stores import migrated_sqlite


async def test_each_device_is_read_once_and_a_silent_one_keeps_what_was_known(
    tmp_path: Path,
) -> None:
    read: list[str] = []

    async def skew(address: str) -> float | None:
        read.append(address)
        if address == "http://silent":
            raise CameraUnreachable("no answer")
        return None if address == "http://mute" else -10800.0

    database = Database(migrated_sqlite(tmp_path / "t.db"))
    await database.open()
    try:
        await database.write(seed)
        registry = CameraRegistry(database, SealedBox(bytes(32)))
        clocks = CameraClocks(registry, HandClock(), skew)
        await clocks.recall()
        assert shown(clocks) == {"silent": 2.0}, "of what was read before we began"
        await clocks.run_once()
        assert shown(clocks) == {"a-channel": -10800.0, "b-channel": -10800.0, "silent": 2.0}
        c = schema.cameras.c
        rows = await database.read(
            lambda conn: conn.execute(
                select(c.id, c.clock_skew_s, c.clock_read_at_ms).order_by(c.id)
            ).all()
        )
    finally:
        await database.close()
    assert read == ["http://nvr", "http://mute", "http://silent"]
    assert [tuple(row) for row in rows] == [
        ("a-channel", -10800.0, unix_ms(NOON)),
        ("b-channel", -10800.0, unix_ms(NOON)),
        ("by-hand", None, None),
        ("mute", None, None),
        ("silent", 2.0, None),
    ]


def shown(clocks: CameraClocks) -> dict[str, float]:
    """In `/metrics`."""
    [family] = CameraClockMetrics(clocks).collect()
    return {sample.labels["camera"]: sample.value for sample in family.samples}


def seed(conn) -> None:
    conn.execute(insert(schema.villages).values(id="v", name="村"))
    for camera_id, address, skew_s in (
        ("a-channel", "http://nvr", None),
        ("b-channel", "http://nvr", None),
        ("by-hand", None, None),
        ("mute", "http://mute", None),
        ("silent", "http://silent", 2.0),
    ):
        conn.execute(
            insert(schema.cameras).values(
                id=camera_id, name=camera_id, village_id="v", onvif_address=address,
                clock_skew_s=skew_s, legal_class="public", layer="area", enabled=True,
            )
        )  # fmt: skip
