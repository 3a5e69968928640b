"""What a camera mistakes for a person: told by us, told by a plain MOG2 blob dwell, and the twin.

    .venv/bin/python -m benchmarks.adversaries [--seeds N] [--bed NAME] [ADVERSARY ...]

Each adversary runs over a drawn place and, where the footage is there, over real pictures with
nobody in them; once alone, when nothing may be told, and once with a lingerer, who must be.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.loitering_quality import DATA, EARLY_S, LATE_S
from camerad.clip import Clip
from camerad.detection import Detector
from camerad.model import Detection, EventName, Zone, ZoneKind
from camerad.simulator.adversaries.beds import drawn_bed, footage_bed
from camerad.simulator.adversaries.catalogue import ADVERSARIES, Adversary, twin
from camerad.simulator.adversaries.layers import Bed, Luma, Spot
from camerad.simulator.adversaries.people import Stay

DWELL_S = 10.0
IN_TIME_S = 3.0
"""The first alarm of a stay comes at most so long after its dwell."""
ALONE_S = 62.0
TWIN_S = 46.0
FOOTAGE = {
    "room": ("one-by-one-person-detection.mp4", 0.2, 5.4, Spot(0.58, 0.88, 0.62)),
    "road": ("car-detection.mp4", 19.6, 24.4, Spot(0.5, 0.7, 0.38)),
}
"""Name -> clip, an empty stretch of it in seconds, and where a person would stand."""

Film = Iterable[tuple[Luma, float]]


@dataclass(frozen=True)
class Verdict:
    """What came of one film. Times are the film's seconds."""

    told: tuple[float, ...]
    """Every `loitering.started` in any zone."""
    false: tuple[float, ...]
    """Those that no stay explains."""
    delay_s: float | None
    """First alarm in the spot's zone after the dwell was reached; None when there is none."""

    @property
    def found(self) -> bool:
        """Whether the lingerer was told in time."""
        return self.delay_s is not None and self.delay_s <= IN_TIME_S


def beds(width_px: int = 320, data: Path = DATA) -> list[Bed]:
    """The drawn bed, and a real one for every clip that is there."""
    found = [drawn_bed(width_px)]
    for name, (file, from_s, to_s, spot) in FOOTAGE.items():
        if (data / file).exists():
            with Clip(data / file) as clip:
                found.append(footage_bed(name, clip, from_s, to_s, spot, width_px=width_px))
    return found


def zones(bed: Bed) -> list[Zone]:
    """The ground around the spot, and the whole picture."""
    x, y, half = bed.spot.x, bed.spot.y, 0.5 * bed.spot.high / bed.aspect
    left, right, far, near = x - half, x + half, y - 0.1, min(1.0, y + 0.08)
    spot = ((left, far), (right, far), (right, near), (left, near))
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return [
        Zone("spot", ZoneKind.LOITER, spot, dwell_s=DWELL_S),
        Zone("whole", ZoneKind.LOITER, whole, dwell_s=DWELL_S),
    ]


def detect(film: Film, wanted: Sequence[Zone]) -> list[Detection]:
    """Everything ours says about a film."""
    detector = Detector(wanted)
    said: list[Detection] = []
    t_s = 0.0
    for picture, t_s in film:
        if detector.wants(t_s):
            said += detector.process(picture, t_s)
    return said + detector.finish(t_s)


def judge(said: Sequence[Detection], stay: Stay | None) -> Verdict:
    """By the rule of labels.json; in the whole picture a stay begins when they come into view."""
    started = [d for d in said if d.name is EventName.LOITERING_STARTED]
    told = tuple(d.t_s for d in started)
    if stay is None:
        return Verdict(told, told, None)
    walk_s = stay.arrives_s - stay.person.way[0][0]
    early = {"spot": stay.arrives_s - 1.5, "whole": stay.arrives_s - walk_s}
    last = {"spot": stay.leaves_s + 1.5, "whole": stay.leaves_s + walk_s}
    false = [
        d.t_s
        for d in started
        if not early[d.zone] + DWELL_S - EARLY_S <= d.t_s <= last[d.zone] + LATE_S
    ]
    at_spot = [d.t_s for d in started if d.zone == "spot" and d.t_s not in false]
    delay_s = min(at_spot) - stay.arrives_s - DWELL_S if at_spot else None
    return Verdict(told, tuple(false), delay_s)


def plain_mog2(film: Film, wanted: Sequence[Zone]) -> list[Detection]:
    """As anyone would write it: MOG2, blobs, nearest centre, a clock that runs inside the zone."""
    model = cv2.createBackgroundSubtractorMOG2(detectShadows=True)
    # as one that has been running for long: it would learn the first pictures much faster
    usual, seen = 1.0 / model.getHistory(), 0
    tracks: list[_Blob] = []
    said = []
    corners = [np.asarray(zone.polygon, np.float32) for zone in wanted]
    for picture, t_s in film:
        height, width = picture.shape
        seen += 1
        rate = max(usual, 1.0 / seen) if seen <= 20 else usual
        mask = np.asarray(model.apply(picture, learningRate=rate) == 255, np.uint8) * np.uint8(255)
        mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
        mask = np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8), iterations=2))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        tracks = [track for track in tracks if t_s - track.seen_s <= 1.0]
        for outline in outlines:
            x, y, w, h = cv2.boundingRect(outline)
            if w * h < 0.002 * width * height:
                continue
            feet = ((x + w / 2) / width, (y + h) / height)
            track = _nearest(tracks, feet)
            if track is None:
                track = _Blob(feet, t_s, [None] * len(wanted))
                tracks.append(track)
            track.feet, track.seen_s = feet, t_s
            for index, zone in enumerate(wanted):
                inside = cv2.pointPolygonTest(corners[index], feet, measureDist=False) >= 0
                since = track.since_s[index]
                if not inside:
                    track.since_s[index] = None
                elif since is None:
                    track.since_s[index] = t_s
                elif t_s - since >= (zone.dwell_s or 0.0):
                    said.append(Detection(EventName.LOITERING_STARTED, t_s, zone.name))
                    track.since_s[index] = float("inf")
    return said


@dataclass
class _Blob:
    feet: tuple[float, float]
    seen_s: float
    since_s: list[float | None]


def _nearest(tracks: Sequence[_Blob], feet: tuple[float, float]) -> _Blob | None:
    def far(track: _Blob) -> float:
        return float(np.hypot(track.feet[0] - feet[0], track.feet[1] - feet[1]))

    best = min(tracks, key=far, default=None)
    return best if best is not None and far(best) < 0.15 else None


@dataclass
class _Row:
    films: int = 0
    false: int = 0
    found: int = 0
    worst_s: float = 0.0
    plain: int = 0
    cpu_s: float = 0.0
    pictures: int = 0
    wrong: tuple[str, ...] = ()


def measure(adversary: Adversary, on: Sequence[Bed], seeds: int) -> _Row:
    """All beds and seeds of one adversary."""
    row = _Row()
    for bed in on:
        for seed in range(1, seeds + 1):
            wanted, where = zones(bed), f"{bed.name}/{seed}"
            alone = list(adversary.film(bed, ALONE_S, seed=seed))
            stay = twin(bed, seed)
            together = list(adversary.film(bed, TWIN_S, seed=seed, stay=stay))
            began = time.process_time()
            empty = judge(detect(alone, wanted), None)
            lingers = judge(detect(together, wanted), stay)
            row.cpu_s += time.process_time() - began
            row.pictures += len(alone) + len(together)
            row.films += 1
            row.false += bool(empty.false) + bool(lingers.false)
            row.found += lingers.found
            row.plain += bool(plain_mog2(alone, wanted))
            row.worst_s = max(row.worst_s, lingers.delay_s or 0.0)
            if empty.false:
                row.wrong += (f"{where} false at {[round(t, 1) for t in empty.false]}",)
            if lingers.false:
                row.wrong += (f"{where} twin false at {[round(t, 1) for t in lingers.false]}",)
            if not lingers.found:
                late = "never" if lingers.delay_s is None else f"{lingers.delay_s:.1f} s late"
                row.wrong += (f"{where} twin found {late}",)
    return row


def main() -> int:
    """Print the table; exit status 1 when one of ours is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--bed", default="")
    parser.add_argument("adversary", nargs="*")
    given = parser.parse_args()
    on = [bed for bed in beds(given.width) if given.bed in bed.name]
    if len(on) < 1 + len(FOOTAGE) and not given.bed:
        print("The real footage is not there: drawn pictures only.", file=sys.stderr)
    print(
        f"{len(on)} beds, {given.seeds} seeds, dwell {DWELL_S:g} s, whole picture and spot\n"
        f"{'adversary':22}{'ours false':>12}{'twin found':>12}{'worst delay':>13}"
        f"{'plain MOG2 false':>18}{'ms/picture':>12}"
    )
    bad = 0
    for adversary in ADVERSARIES:
        if given.adversary and adversary.name not in given.adversary:
            continue
        row = measure(adversary, on, given.seeds)
        bad += len(row.wrong)
        print(
            f"{adversary.name:22}{row.false:7}/{2 * row.films:<4}{row.found:7}/{row.films:<4}"
            f"{row.worst_s:10.1f} s {row.plain:13}/{row.films:<4}"
            f"{1000.0 * row.cpu_s / row.pictures:11.1f}"
            + "".join(f"\n    {line}" for line in row.wrong),
            flush=True,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
