"""Fetching what the pipeline's stages look at, for the alarms of one transaction at once.

Incidents are read inside the engine's writing transaction, so that what is read still holds when
the decision is written; and what is decided about one alarm is there for the next. What the
registry says is read before (`linkage.surroundings`).
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from alarms.model import LIFE_SAFETY_KINDS, AlarmSource, LoggedAlarm
from alarms.store.prepared import PreparedIn
from lianfang_timing import from_unix_ms
from linkage import cells
from linkage.custody.model import ClipPolicy
from linkage.facts import Facts, OpenIncident
from linkage.model.person import EVERYWHERE
from linkage.quiet.storage import camera_alarms_ms
from linkage.rules.model import Rules
from linkage.schema import incident_alarms
from linkage.sharing import Shared, open_incidents, shared_in
from linkage.surroundings import Surroundings
from linkage.ways.settings import Ways

_LINKED = PreparedIn(
    lambda ids: select(incident_alarms.c.alarm_id).where(incident_alarms.c.alarm_id.in_(ids))
)


class FactReader:
    """The facts about each alarm of one batch. Lives as long as the transaction it reads in."""

    def __init__(
        self,
        conn: Connection,
        batch: Sequence[LoggedAlarm],
        around: Surroundings,
        known: Mapping[str, OpenIncident],
        *,
        rules: Rules,
        ways: Ways,
        now_ms: int,
        time_zone: ZoneInfo,
        clips: ClipPolicy | None = None,
        again: bool = False,
    ) -> None:
        """`around` holds the surroundings of the batch at least; `known` incidents by id, as the
        engine's last transactions left them. `again`: what is linked is looked at as if it were
        not (for explaining)."""
        self._rules = rules
        self._ways = ways
        self._clips = clips
        self._now_ms = now_ms
        self._time_zone = time_zone
        self._around = around
        ids = [] if again else [a.id for a in batch]
        self._linked = {found for (found,) in _LINKED.rows(conn, ids)}
        self.open: dict[str, OpenIncident] = {}
        """The open incidents that the batch may belong to, by id, as they stand now."""
        self._sharing: dict[Shared, set[str]] = defaultdict(set)
        new = [a for a in batch if a.id not in self._linked]
        self._near = {a.id: around.cameras(around.places[a.id], rules.widest_m) for a in new}
        self._shared = {a.id: self._shared_by(a) for a in new}
        for incident in open_incidents(conn, self._shared.values(), known):
            self.note(incident)
        by_camera = [a.received_at_ms for a in new if a.source is AlarmSource.CAMERA]
        since_ms = min(by_camera, default=now_ms) - round(rules.flood.within_s * 1000)
        self._of_cameras = camera_alarms_ms(conn, since_ms=since_ms) if by_camera else []

    def facts(self, alarm: LoggedAlarm) -> Facts:
        """The facts about one alarm of the batch, as they stand now."""
        local = from_unix_ms(alarm.received_at_ms).astimezone(self._time_zone)
        if alarm.id in self._linked:
            return Facts(alarm, self._now_ms, local, self._rules, linked=True)
        place = self._around.places[alarm.id]
        ids = set().union(*(self._sharing.get(s, ()) for s in self._shared[alarm.id]))
        sharing = [self.open[i] for i in ids]
        members = self._around.members
        of_cameras: tuple[int, ...] = ()
        if alarm.source is AlarmSource.CAMERA:
            of_cameras = (*self._of_cameras, alarm.received_at_ms)
        return Facts(
            alarm,
            self._now_ms,
            local,
            self._rules,
            place=place,
            incidents=tuple(
                sorted(sharing, key=lambda i: (i.opened_at_ms, i.number), reverse=True)
            ),
            cameras=tuple(self._near[alarm.id]),
            members=None if members is None else tuple(members.get(place.group_id or "", ())),
            sounders=tuple(self._around.sounders.get(place.group_id or "", ())),
            ways=self._ways,
            clips=self._clips,
            windows=self._around.windows,
            drills=self._around.drills,
            camera_states=self._around.camera_states,
            camera_alarms_ms=of_cameras,
        )

    def _shared_by(self, alarm: LoggedAlarm) -> list[Shared]:
        """What would make an incident one that this alarm might belong to."""
        place, rules = self._around.places[alarm.id], self._rules
        found = [
            ("device", alarm.device),
            *(
                (what, name)
                for what, name in (
                    ("household", place.household_id),
                    ("group", place.group_id),
                    ("camera", place.camera_id),
                )
                if name is not None
            ),
        ]
        if rules.looks_to_villages and place.village_id is not None:
            found.append(("village", place.village_id))
        if alarm.source is AlarmSource.CAMERA:
            found.append(("flood", place.village_id or EVERYWHERE))
        elif alarm.kind in LIFE_SAFETY_KINDS:
            found += [
                ("gate", near.camera_id)
                for near in self._near[alarm.id]
                if near.distance_m is not None and near.distance_m <= rules.gate_m
            ]
        around = cells.cells_around(place.latitude, place.longitude, rules.near_m_of(alarm.kind))
        return [*found, *(("cell", cell) for cell in around)]

    def linked(self, alarm: LoggedAlarm, incident: OpenIncident) -> None:
        """An alarm of the batch has opened or changed this incident."""
        if alarm.source is AlarmSource.CAMERA:
            insort(self._of_cameras, alarm.received_at_ms)
        self.note(incident)

    def note(self, incident: OpenIncident) -> None:
        """This incident is open, and stands so now."""
        self.open[incident.id] = incident
        for shared in shared_in(incident):
            self._sharing[shared].add(incident.id)
