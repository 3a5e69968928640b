"""`make bench`: every benchmark in turn, each printing its table."""

import subprocess
import sys

ALL = (
    "benchmarks.press_latency",
    "benchmarks.storm",
    "benchmarks.login_rush",
    "benchmarks.storm_linkage",
    "benchmarks.first_page",
    "benchmarks.many_recipients",
    "benchmarks.registry_import",
    "benchmarks.long_lists",
    "benchmarks.town_map",
    "benchmarks.shedding",
    "benchmarks.loitering_quality",
    "benchmarks.pixel_quality",
    "benchmarks.adversaries",
    "benchmarks.detection_cost",
    "benchmarks.capture_cost",
    "benchmarks.many_streams",
    "benchmarks.long_watch",
    "benchmarks.live_view",
    "benchmarks.first_paint",
    "benchmarks.open_consoles",
)


def main() -> int:
    failed = 0
    for name in ALL:
        print(f"\n=== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", name], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
