"""What looking at a camera costs: capture and detection, against bare libavcodec of the same film.

    .venv/bin/python -m benchmarks.detection_cost [--rounds N] [--seconds N] [--without-motion]

Drawn films at 25 frames a second, a quiet and a busy one, in the size of a sub-stream and in 1080p.
Each way of looking runs in a process of its own, in turns, and is told by its least processor time;
ours analyses 5 frames a second. Beside it what there is else: OpenCV's plain MOG2 and KNN as anyone
would write them (colour, whole pictures, every frame), and Debian's `motion`, which plays the film
at its own pace (apt-get install motion; without it, it is left out).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import psutil

from benchmarks.capture_cost import RATE, WHOLE, draw
from camerad.analyze import analyze
from camerad.capture import prepare_process
from camerad.model import Zone, ZoneKind

LIMITS = {
    ("704x576", "quiet"): 1.25,
    ("704x576", "busy"): 1.6,
    ("1920x1080", "quiet"): 1.10,
    ("1920x1080", "busy"): 1.25,
}
"""How often the bare decoding ours may cost."""
MOTION = "motion"
_BLOB_AREA = 0.002
"""Of the picture: what somebody who writes a plain detector would call an event."""


@dataclass(frozen=True)
class Cost:
    """Of one film, once through."""

    cpu_s: float
    events: int


def bare(film: Path) -> int:
    """libavcodec alone, one thread; the pictures are thrown away."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "NONE", 1
        for _ in container.decode(stream):
            pass
    return 0


def ours(film: Path) -> int:
    """As a worker would: a zone for motion and one for loitering, shipped settings, and OpenCV
    without threads of its own, which wait for each other at the processor's cost.
    """
    prepare_process()
    zones = (
        Zone("yard", ZoneKind.MOTION, WHOLE),
        Zone("gate", ZoneKind.LOITER, WHOLE, dwell_s=10.0),
    )
    seen: list[dict[str, object]] = []
    analyze(str(film), zones, emit=seen.append)
    return sum(str(one["event"]).endswith(".started") for one in seen)


def mog2(film: Path) -> int:
    return _plain(film, cv2.createBackgroundSubtractorMOG2())


def knn(film: Path) -> int:
    return _plain(film, cv2.createBackgroundSubtractorKNN())


def _plain(film: Path, model: "cv2.BackgroundSubtractor") -> int:
    """Each time that something large enough moves after nothing did."""
    capture, events, moved = cv2.VideoCapture(str(film)), 0, False
    while True:
        ok, picture = capture.read()
        if not ok:
            return events
        mask = model.apply(picture)
        found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        least = _BLOB_AREA * mask.shape[0] * mask.shape[1]
        moves = any(cv2.contourArea(one) >= least for one in found)
        events += moves and not moved
        moved = moves


WAYS: dict[str, Callable[[Path], int]] = {"bare": bare, "ours": ours, "MOG2": mog2, "KNN": knn}


def once(way: str, film: Path) -> Cost:
    """In a process of its own, without what it costs to start one."""
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.detection_cost", "--way", way, "--film", str(film)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return Cost(**json.loads(said.splitlines()[-1]))


def motion(film: Path, folder: Path, film_s: float, size: str) -> Cost:
    """Debian's motion, its own settings; it ends when the film has been played."""
    width, _, height = size.partition("x")
    settings = folder / "motion.conf"
    settings.write_text(
        f"daemon off\nsetup_mode off\nnetcam_url file://{film}\nwidth {width}\nheight {height}\n"
        f"framerate {RATE}\npicture_output off\nmovie_output off\nwebcontrol_port 0\n"
        f"stream_port 0\nlog_level 6\ntarget_dir {folder}\n"
    )
    log = folder / "motion.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [MOTION, "-c", str(settings)], stdout=said, stderr=said, cwd=folder
        )
        try:
            watched = psutil.Process(process.pid)
            _until_it_watches(log)
            began = watched.cpu_times()
            time.sleep(film_s * 0.8)
            ended = watched.cpu_times()
        finally:
            process.terminate()
            process.wait()
    cpu_s = ended.user + ended.system - began.user - began.system
    return Cost(cpu_s / 0.8, log.read_text(errors="replace").count("Motion detected"))


def _until_it_watches(log: Path) -> None:
    for _ in range(100):
        if "Camera 1 started" in log.read_text(errors="replace") or "Started" in log.read_text(
            errors="replace"
        ):
            return
        time.sleep(0.1)
    raise SystemExit(f"motion did not begin: {log.read_text(errors='replace')[-500:]}")


def measure(folder: Path, size: str, scene: str, asked: argparse.Namespace) -> bool:
    """One film by every way; whether ours is within its limit."""
    width, _, height = size.partition("x")
    film = folder / f"{size}-{scene}.mp4"
    draw(film, busy=scene == "busy", size=(int(width), int(height)), film_s=asked.seconds)
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for _ in range(asked.rounds):
        for way, found in costs.items():
            found.append(once(way, film))
    if not asked.without_motion and shutil.which(MOTION) is not None:
        costs[MOTION] = [motion(film, folder, float(asked.seconds), size)]
    least = {way: min(found, key=lambda cost: cost.cpu_s) for way, found in costs.items()}
    base = least["bare"].cpu_s
    limit = LIMITS[size, scene]
    ratio = least["ours"].cpu_s / base
    print(f"{size} at {RATE}/s, {scene}: bare decode {base / asked.seconds * 1e3:.1f} ms CPU/s")
    for way, cost in least.items():
        said = "" if way != "ours" else f"   limit {limit:.2f}: {'yes' if ratio <= limit else 'NO'}"
        if way != "bare":
            print(f"  {way:8}{cost.cpu_s / base:6.2f} x bare{cost.events:6} events{said}")
    sys.stdout.flush()
    return ratio <= limit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=24, help="of film")
    parser.add_argument("--without-motion", action="store_true")
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--film", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way is not None:
        began_s = time.process_time()
        events = WAYS[asked.way](asked.film)
        print(json.dumps({"cpu_s": time.process_time() - began_s, "events": events}))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        within = [measure(Path(folder), *film, asked) for film in LIMITS]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
