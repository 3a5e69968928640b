"""Which patrol teams are out, and which fits a place best. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from linkage.cells import distance_m
from linkage.duty.model import Busy, Slot, Team
from linkage.duty.rota import spans_of
from linkage.model.place import Place


class Fit(StrEnum):
    """How a team's area goes with a place; the best first."""

    GRID = "grid"
    VILLAGE = "village"
    ELSEWHERE = "elsewhere"


_FIT_RANK = {Fit.GRID: 0, Fit.VILLAGE: 1, Fit.ELSEWHERE: 2}


@dataclass(frozen=True)
class Proposal:
    """One team for one place, with everything that speaks for and against it."""

    team: Team
    until: datetime | None
    """When its slot ends; None: it is not out now."""
    busy_with: str | None
    """Number of the open incident it was sent to."""
    all_away: bool
    """All its members who have accounts are sick or on leave, and it has no others."""
    fit: Fit
    distance_m: float | None
    """From its base; None where one of the two was not surveyed."""

    @property
    def usable(self) -> bool:
        return self.until is not None and self.busy_with is None and not self.all_away

    def reasons(self, time_zone: ZoneInfo) -> list[str]:
        """Why it stands where it stands; each Chinese first."""
        if self.until is None:
            told = ["不在巡逻时段 / not on patrol now"]
        else:
            local = f"{self.until.astimezone(time_zone):%H:%M}"
            told = [f"巡逻至 {local} / on patrol until {local}"]
        if self.all_away:
            told.append("队员均请假 / all its members are away")
        if self.busy_with is not None:
            told.append(f"正在处置 {self.busy_with} / busy with {self.busy_with}")
        told.append(_FIT_REASONS[self.fit])
        if self.distance_m is None:
            told.append("距离未知 / distance unknown")
        else:
            told.append(f"距驻点 {self.distance_m:.0f} 米 / {self.distance_m:.0f} m from its base")
        return told


_FIT_REASONS = {
    Fit.GRID: "本网格 / its own grid",
    Fit.VILLAGE: "本村 / its own village",
    Fit.ELSEWHERE: "其他片区 / another area",
}


def out_until(team: Team, at: datetime, time_zone: ZoneInfo) -> datetime | None:
    """When the slot ends in which the team is out now; None when it is not."""
    ends = [end for slot in team.slots for end in _ends(slot, at, time_zone)]
    return max(ends, default=None)


def propose(
    teams: Iterable[Team],
    place: Place,
    at: datetime,
    time_zone: ZoneInfo,
    *,
    busy: Busy,
    away: frozenset[str],
) -> list[Proposal]:
    """All teams, the best first: free and out, then of the place's own grid or village, then near.

    Of those that cannot come now, whoever is out comes before whoever is not.
    """
    found = [
        Proposal(
            team=team,
            until=out_until(team, at, time_zone),
            busy_with=busy.get(team.id),
            all_away=bool(team.members) and all(m.username in away for m in team.members),
            fit=_fit(team, place),
            distance_m=_distance_m(team, place),
        )
        for team in teams
    ]
    return sorted(found, key=_rank)


def busy_teams(
    teams: Iterable[Team], sent: Iterable[tuple[str, frozenset[str], frozenset[str]]]
) -> Busy:
    """Which team is busy with what. `sent`: of each open incident to which somebody was sent its
    number, whom the officers named, and the accounts that respond."""
    found: dict[str, str] = {}
    known = list(teams)
    for number, named, responders in sent:
        for team in known:
            usernames = {m.username for m in team.members if m.username is not None}
            if named & {team.id, team.name} or usernames & (responders | named):
                found.setdefault(team.id, number)
    return found


def _ends(slot: Slot, at: datetime, time_zone: ZoneInfo) -> list[datetime]:
    # far enough that no slot is cut off
    later = at + slot.hours.length + timedelta(days=1)
    spans = spans_of(slot.hours, slot.begins_on, time_zone, at.astimezone(UTC), later)
    return [end for begin, end in spans if begin <= at < end]


def _fit(team: Team, place: Place) -> Fit:
    if place.grid_id is not None and place.grid_id in team.area.grids:
        return Fit.GRID
    if place.village_id is not None and team.area.covers(place.village_id):
        return Fit.VILLAGE
    return Fit.ELSEWHERE


def _distance_m(team: Team, place: Place) -> float | None:
    if team.base is None or place.latitude is None or place.longitude is None:
        return None
    return distance_m(team.base, (place.latitude, place.longitude))


def _rank(proposal: Proposal) -> tuple[object, ...]:
    far = proposal.distance_m is None
    return (
        not proposal.usable,
        proposal.until is None,
        _FIT_RANK[proposal.fit],
        far,
        proposal.distance_m or 0.0,
        proposal.team.name,
        proposal.team.id,
    )
