"""How well loitering is found on the labelled clips: found, missed, false, late, and the cost.

    .venv/bin/python benchmarks/loitering_quality.py [--variants] [--data DIR]

One default setting for every clip; only zone and dwell come from the labels. The rule of what
counts is `alert_is_right` in labels.json. Without the clips it says so and ends.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from camerad.clip import Clip
from camerad.detection import DetectionSettings, Detector
from camerad.model import Detection, EventName, Zone, ZoneKind

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
    detector = Detector(zones, settings=variant.settings)
    said: list[Detection] = []
    analysed, spent, t_s = 0, 0.0, 0.0
    with Clip(path) as clip:
        for index, (luma, t_s) in enumerate(clip):
            if t_s < variant.start_s or (index - variant.phase) % variant.keep_every:
                continue
            if index < variant.phase or not detector.wants(t_s):
                continue
            began = time.perf_counter()
            said += detector.process(luma, t_s)
            spent += time.perf_counter() - began
            analysed += 1
    said += detector.finish(t_s)
    return said, 1000.0 * spent / max(1, analysed), t_s


def score_clip(label: dict[str, Any], variant: Variant, data: Path = DATA) -> list[Score]:
    """All zones and dwells of one labelled clip, in one run."""
    zones, wanted = [], []
    for entry in label["zones"]:
        polygon = tuple((float(x), float(y)) for x, y in entry["polygon"])
        for dwell_s in entry["dwell_s"]:
            name = f"{entry['zone']}/{dwell_s}"
            zones.append(Zone(name, ZoneKind.LOITER, polygon, dwell_s=float(dwell_s)))
            wanted.append((entry, float(dwell_s), name))
    said, ms, _ = detect(data / label["file"], zones, variant)
    return [
        _score(label["file"], entry, dwell_s, _alerts(said, name), variant.start_s, ms)
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
            if i not in met:
                delays.append(alert.t_s - stays[i]["from_s"] - dwell_s)
            met.add(i)
    missed = [s["who"] for i, s in enumerate(stays) if s in sure and i not in met]
    # overlapping stays (two people at once) may be one alert
    found = len(sure) - len(missed)
    return Score(
        clip, entry["zone"], dwell_s, len(sure), found, false, missed, max(delays, default=0.0), ms
    )


VARIANTS = (
    Variant(),
    Variant(phase=1),
    Variant(keep_every=2),
    Variant(settings=DetectionSettings(analysed_per_s=10.0)),
    Variant(settings=DetectionSettings(analysed_per_s=4.0)),
    Variant(settings=DetectionSettings(width_px=320)),
    Variant(settings=DetectionSettings(width_px=480)),
    Variant(start_s=3.0),
    Variant(start_s=9.0),
    Variant(start_s=15.3),
    Variant(start_s=21.0),
    Variant(start_s=30.5),
    Variant(start_s=40.0),
    Variant(start_s=47.0),
)


def main() -> int:
    """Print the table; exit status 1 when something is missed or false."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", action="store_true", help="also phases, rates and starts")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--clip", default="")
    arguments = parser.parse_args()
    if not (arguments.data / "labels.json").exists():
        print("The labelled clips are not there: nothing measured.", file=sys.stderr)
        return 0
    bad = 0
    for variant in VARIANTS if arguments.variants else VARIANTS[:1]:
        found = expected = false = 0
        print(f"\n{variant}")
        for label in load_labels(arguments.data):
            if arguments.clip not in label["file"]:
                continue
            for score in score_clip(label, variant, arguments.data):
                found, expected = found + score.found, expected + score.expected
                false += len(score.false)
                print(score.line())
        print(f"found {found} of {expected}, false {false}")
        bad += expected - found + false
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
