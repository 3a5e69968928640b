"""A town whose cameras have their clips made at once: engine, outbox and keeper around them."""

from pathlib import Path

import msgspec
from sqlalchemy import select, update

from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from camerad.errors import NoClip
from camerad.evidence.model import ClipFacts, ClipFile, ClipOrder
from linkage.carriers import SnapshotCarrier
from linkage.changes import Changes
from linkage.custody.clips import ClipCarrier, ClipKeptCarrier
from linkage.custody.keeper import EvidenceKeeper
from linkage.custody.model import ClipPolicy, Keeping
from linkage.custody.room import Room
from linkage.custody.schema import evidence_entries, evidence_gaps
from linkage.custody.verifying import chain_faults, manifest_faults, manifests, unentered
from linkage.engine import Engine
from linkage.evidence import EvidenceFolder
from linkage.model.action import ActionKind
from linkage.outbox import Outbox
from linkage.rules.model import Rules
from linkage.schema import evidence, incidents
from tests.linkage.town import SHANGHAI, HandClock, rows

BOX = SealedBox(bytes(32))
DAY_S = 86_400


class Worker:
    """Makes every clip at once and tells what became of it, unless `why_not` or `lost`."""

    def __init__(self) -> None:
        self.orders: list[ClipOrder] = []
        self.why_not = ""
        self.told: dict[str, ClipFacts] = {}
        self.running: set[str] = set()
        self.cuts: tuple[str, ...] = ()
        self.error = ""
        self.leaves: str = "all"
        """What it leaves on the disk: all, part (it was lost), pictures, nothing."""

    async def begin_clip(self, order: ClipOrder, *, timeout_s: float = 5.0) -> None:
        if self.why_not:
            raise NoClip(self.why_not)
        self.orders.append(order)
        base = Path(order.base)
        base.parent.mkdir(parents=True, exist_ok=True)
        files = []
        if self.leaves != "nothing":
            for moment in ("before", "at"):
                name = f"{base.name}-{moment}.jpg"
                (base.parent / name).write_bytes(b"\xff\xd8" + moment.encode())
                files.append(ClipFile(name, "snapshot", moment, order.press_ms, order.press_ms))
        if self.leaves in ("all", "part"):
            film = base.with_suffix(".mp4" if self.leaves == "all" else ".part")
            film.write_bytes(bytes(20_000))
            files.append(ClipFile(film.name, "clip", "", order.from_ms, order.until_ms))
        if self.leaves == "part":
            return
        facts = ClipFacts(
            order.id, order.camera_id, tuple(files), self.cuts, self.error, codec="h264"
        )
        base.with_suffix(".json").write_bytes(msgspec.json.encode(facts))
        self.told[order.id] = facts

    def clip_runs(self, clip_id: str) -> bool:
        return clip_id in self.running

    def clip_done(self, clip_id: str) -> ClipFacts | None:
        return self.told.get(clip_id)


class Eyes:
    """Gives a picture of now."""

    async def snapshot(self, camera_id: str, *, timeout_s: float) -> bytes:
        return b"\xff\xd8 now"


class CustodyRoom:
    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        keeping: Keeping | None = None,
        free_bytes=lambda folder: 10**12,
        pictures: bool = False,
    ) -> None:
        """`pictures`: also those of now are asked for, beside the clips."""
        self.database = database
        self.clock = HandClock()
        self.changes = Changes()
        self.worker = Worker()
        self.folder = EvidenceFolder(folder / "evidence")
        self.folder.path.mkdir()
        keeping = keeping or Keeping()
        self.room = Room(database, self.folder.path, keeping, self.clock, free_bytes=free_bytes)
        self.keeper = EvidenceKeeper(
            database,
            BOX,
            self.clock,
            self.folder,
            keeping=keeping,
            is_busy=lambda: False,
            writer="main",
        )
        self.log = AlarmLog(database, self.clock, writer="intake")
        self.engine = Engine(
            database,
            self.log,
            self.clock,
            self.changes,
            rules=Rules(),
            time_zone=SHANGHAI,
            writer="linkage",
            clips=ClipPolicy(),
        )
        eyes = SnapshotCarrier(Eyes(), self.folder, self.room, self.clock)
        self.outbox = Outbox(
            database,
            self.clock,
            {
                ActionKind.CLIP: ClipCarrier(self.worker, self.folder, self.room),
                ActionKind.CLIP_KEPT: ClipKeptCarrier(
                    self.worker, self.folder, self.room, self.clock
                ),
                **({ActionKind.SNAPSHOT: eyes} if pictures else {}),
            },
            self.changes,
            writer="linkage",
        )

    async def happens(self, *alarms) -> dict:
        """The alarms come, their clips are made and entered; the incident."""
        await self.log.append(alarms)
        await self.engine.run_once()
        await self.outbox.run_once()
        self.clock.forward(64)
        await self.outbox.run_once()
        await self.keeper.run_once()
        return (await rows(self.database, "incidents"))[-1]

    async def close(self, incident: dict) -> None:
        statement = update(incidents).where(incidents.c.id == incident["id"])
        await self.database.write(lambda conn: conn.execute(statement.values(stage="closed")))

    async def all_of(self, table) -> list[dict]:
        return await self.database.read(
            lambda conn: [dict(r) for r in conn.execute(select(table)).mappings()]
        )

    async def kept(self) -> list[dict]:
        return await self.all_of(evidence)

    async def gaps(self) -> list[dict]:
        return await self.all_of(evidence_gaps)

    async def entries(self) -> list[dict]:
        return await self.all_of(evidence_entries)

    async def faults(self, number: str | None = None) -> list[str]:
        """What `lianfang evidence verify` would say."""
        found, said = await self.database.read(
            lambda conn: (
                manifests(conn, number),
                [*chain_faults(conn, BOX), *unentered(conn, number)],
            )
        )
        for incident, lines in found:
            said += manifest_faults(incident, lines, self.folder.path, BOX.public_key)
        return said
