"""How well loitering is found on the labelled clips: found, missed, false, late, and the cost.

    .venv/bin/python -m benchmarks.loitering_quality [--only matrix|mid|altered] [--clip NAME]

One default setting for every clip; only zone and dwell come from the labels. The rule of what
counts is `alert_is_right` in labels.json. Three tables: two frame phases at two widths and two
rates; joined in the middle at ten offsets; and the same clips altered (`altered_footage`), which
stand for clips nobody tuned on. Without the clips it says so and ends.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.altered_footage import ALTERATIONS, Alteration, Footage, read
from camerad.clip import Clip
from camerad.detection import DetectionSettings, Detector
from camerad.model import Detection, EventName, Zone, ZoneKind

Luma = NDArray[np.uint8]

DATA = Path(__file__).parents[2] / "shared" / "data"
EARLY_S = 1.5
LATE_S = 1.0


@dataclass(frozen=True)
class Variant:
    """A way to feed a clip: from where, at what rate, from which frame on."""

    start_s: float = 0.0
    keep_every: int = 1
    phase: int = 0
    settings: DetectionSettings = field(default_factory=DetectionSettings)

    def __str__(self) -> str:
        return (
            f"start {self.start_s:g} s, every {self.keep_every}. frame, phase {self.phase}, "
            f"{self.settings.analysed_per_s:g}/s, {self.settings.width_px} px"
        )


@dataclass(frozen=True)
class Score:
    """One zone of one clip at one dwell."""

    clip: str
    zone: str
    dwell_s: float
    expected: int
    found: int
    false: list[float]
    missed: list[str]
    worst_delay_s: float
    ms_per_analysed: float

    def line(self) -> str:
        """One row of the table."""
        row = (
            f"{self.clip:34}{self.zone:14}{self.dwell_s:5g} s {self.found:2}/{self.expected:<2} "
            f"false {len(self.false)} late {self.worst_delay_s:5.1f} s "
            f"{self.ms_per_analysed:5.1f} ms"
        )
        if self.missed:
            row += f"  missed {self.missed}"
        if self.false:
            row += f"  false at {[round(t, 1) for t in self.false]}"
        return row


def load_labels(data: Path = DATA) -> list[dict[str, Any]]:
    """The labelled clips."""
    clips: list[dict[str, Any]] = json.loads((data / "labels.json").read_text())["clips"]
    return clips


def detect(
    path: Path, zones: Sequence[Zone], variant: Variant
) -> tuple[list[Detection], float, float]:
    """Everything detected with clip time, milliseconds per analysed frame, and the last time."""
    with Clip(path) as clip:
        return _detect(clip, zones, variant)


def _detect(
    pictures: Iterable[tuple[Luma, float]], zones: Sequence[Zone], variant: Variant
) -> tuple[list[Detection], float, float]:
    detector = Detector(zones, settings=variant.settings)
    said: list[Detection] = []
    analysed, spent, t_s = 0, 0.0, 0.0
    for index, (luma, t_s) in enumerate(pictures):
        if t_s < variant.start_s or (index - variant.phase) % variant.keep_every:
            continue
        if index < variant.phase or not detector.wants(t_s):
            continue
        began = time.process_time()
        said += detector.process(luma, t_s)
        spent += time.process_time() - began
        analysed += 1
    said += detector.finish(t_s)
    return said, 1000.0 * spent / max(1, analysed), t_s


def score_clip(label: dict[str, Any], variant: Variant, data: Path = DATA) -> list[Score]:
    """All zones and dwells of one labelled clip, in one run."""
    return score(read(data / label["file"], label, variant.settings.width_px), variant)


def score(footage: Footage, variant: Variant) -> list[Score]:
    """All zones and dwells of a clip in memory, in one run."""
    zones, wanted = [], []
    for entry in footage.zones:
        polygon = tuple((float(x), float(y)) for x, y in entry["polygon"])
        for dwell_s in entry["dwell_s"]:
            name = f"{entry['zone']}/{dwell_s}"
            zones.append(Zone(name, ZoneKind.LOITER, polygon, dwell_s=float(dwell_s)))
            wanted.append((entry, float(dwell_s), name))
    pictures = zip(footage.pictures, footage.times_s, strict=True)
    said, ms, _ = _detect(pictures, zones, variant)
    return [
        _score(footage.name, entry, dwell_s, _alerts(said, name), variant.start_s, ms)
        for entry, dwell_s, name in wanted
    ]


def _alerts(said: Sequence[Detection], zone: str) -> list[Detection]:
    return [d for d in said if d.zone == zone and d.name is EventName.LOITERING_STARTED]


def _score(
    clip: str,
    entry: dict[str, Any],
    dwell_s: float,
    alerts: Sequence[Detection],
    start_s: float,
    ms: float,
) -> Score:
    stays = [s for s in entry["stays"] if s["to_s"] - s["from_s"] > dwell_s]
    # a stay that has begun before we look cannot be asked for, but may be told
    sure = [s for s in stays if s["from_s"] > start_s + 0.5 or start_s == 0.0]
    false, delays, met = [], [], set()
    for alert in alerts:
        fitting = [
            i
            for i, s in enumerate(stays)
            if s["from_s"] + dwell_s - EARLY_S <= alert.t_s <= s["to_s"] + LATE_S
        ]
        if not fitting:
            false.append(alert.t_s)
        for i in fitting:
            if i not in met and stays[i] in sure:
                delays.append(alert.t_s - stays[i]["from_s"] - dwell_s)
            met.add(i)
    missed = [s["who"] for i, s in enumerate(stays) if s in sure and i not in met]
    # overlapping stays (two people at once) may be one alert
    found = len(sure) - len(missed)
    return Score(
        clip, entry["zone"], dwell_s, len(sure), found, false, missed, max(delays, default=0.0), ms
    )


MATRIX = tuple(
    Variant(phase=phase, settings=DetectionSettings(analysed_per_s=per_s, width_px=width_px))
    for width_px in (384, 320)
    for per_s in (5.0, 10.0)
    for phase in (0, 1)
)
MID_STREAM = tuple(
    Variant(start_s=start_s)
    for start_s in (3.0, 9.0, 15.3, 21.0, 27.7, 30.5, 34.9, 40.0, 47.0, 55.2)
)


@dataclass
class Total:
    """Sums of one row of the table."""

    found: int = 0
    expected: int = 0
    false: int = 0
    worst_delay_s: float = 0.0
    quiet_ms: float = float("inf")
    busy_ms: float = 0.0
    wrong: tuple[str, ...] = ()

    def add(self, scores: Sequence[Score]) -> None:
        """Count one run of one clip."""
        for one in scores:
            self.found, self.expected = self.found + one.found, self.expected + one.expected
            self.false += len(one.false)
            self.worst_delay_s = max(self.worst_delay_s, one.worst_delay_s)
            self.quiet_ms = min(self.quiet_ms, one.ms_per_analysed)
            self.busy_ms = max(self.busy_ms, one.ms_per_analysed)
            if one.missed or one.false:
                self.wrong += (one.line(),)

    def line(self, what: str) -> str:
        """One row of the table, and below it what was wrong."""
        row = (
            f"{what:52}{self.found:4}/{self.expected:<4}{self.false:6}{self.worst_delay_s:9.1f} s"
            f"{self.quiet_ms:8.1f}{self.busy_ms:7.1f}"
        )
        return "\n".join([row, *(f"    {line}" for line in self.wrong)])


class Shelf:
    """The clips in memory, each decoded once a width."""

    def __init__(self, data: Path, clip: str) -> None:
        self._data = data
        self._labels = [label for label in load_labels(data) if clip in label["file"]]
        self._read: dict[tuple[str, int], Footage] = {}

    def footage(self, width_px: int) -> Iterator[Footage]:
        """Every clip at this width."""
        for label in self._labels:
            key = (label["file"], width_px)
            if key not in self._read:
                self._read[key] = read(self._data / label["file"], label, width_px)
            yield self._read[key]

    def total(self, variant: Variant, alter: Alteration | None = None) -> Total:
        """One row: all clips."""
        total = Total()
        for footage in self.footage(variant.settings.width_px):
            total.add(score(footage if alter is None else alter(footage), variant))
        return total


def main() -> int:
    """Print the tables; exit status 1 when something of the first two is missed or false."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("matrix", "mid", "altered"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--clip", default="")
    arguments = parser.parse_args()
    if not (arguments.data / "labels.json").exists():
        print("The labelled clips are not there: nothing measured.", file=sys.stderr)
        return 0
    shelf = Shelf(arguments.data, arguments.clip)
    bad = 0
    wanted = (arguments.only,) if arguments.only else ("matrix", "mid", "altered")
    print(f"{'':52}{'found':>9}{'false':>6}{'worst delay':>11}{'ms quiet':>8}{'busy':>7}")
    for variant in [
        *(MATRIX if "matrix" in wanted else ()),
        *(MID_STREAM if "mid" in wanted else ()),
    ]:
        total = shelf.total(variant)
        print(total.line(str(variant)), flush=True)
        bad += total.expected - total.found + total.false
    for name, alter in ALTERATIONS.items() if "altered" in wanted else ():
        print(shelf.total(Variant(), alter).line(name), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
