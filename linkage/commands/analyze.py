"""`lianfang analyze`: run detection over a file or stream."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from camerad.analyze import analyze
from camerad.detection import DetectionSettings
from camerad.second_look.onnx import OnnxPersonFinder
from camerad.zones import load_zones
from linkage.commands.common import Subparsers
from linkage.detection_settings import load_detection


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "analyze",
        help="对视频文件或流做检测 / run detection over a file or stream",
        description="按区域文件检测移动和徘徊，时间为视频内秒数 / "
        "motion and loitering in the zones of a file, in seconds of the video. "
        "The same file gives the same answer on every run. "
        "文件没有钟点，布防时段不起作用 / a file has no time of day: every zone counts as armed.",
    )
    parser.add_argument("source", metavar="SOURCE", help="文件或 rtsp 地址 / a file or rtsp://…")
    parser.add_argument("--zones", type=Path, required=True, metavar="FILE", help="zones.toml")
    parser.add_argument("--json", action="store_true", help="每行一个 JSON / one object a line")
    parser.add_argument(
        "--render", type=Path, metavar="OUT.mp4", help="画出区域和目标 / draw what was seen"
    )
    parser.add_argument(
        "--every", type=int, metavar="N", help="每 N 帧看一帧 / look at each N-th frame"
    )
    parser.add_argument(
        "--width",
        type=width_px,
        metavar="PX",
        help="分析用的画面宽度 / width in pixels of the pictures looked at",
    )
    parser.add_argument(
        "--detection",
        type=Path,
        metavar="FILE",
        help="detection.toml：二次核对 / with the second look that this file sets",
    )
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    zones = load_zones(arguments.zones)
    said: Path | None = arguments.detection
    verifier = None if said is None else load_detection(said, optional=False).verifier
    print_line = _as_json if arguments.json else _as_text
    with tqdm(unit="帧", disable=None, leave=False, file=sys.stderr) as bar:

        def progress(done: int, expected: int | None) -> None:
            bar.total = expected
            bar.update(done - bar.n)

        analyze(
            arguments.source,
            zones,
            emit=print_line,
            every=arguments.every,
            render=arguments.render,
            progress=progress,
            settings=settings_for(arguments.width),
            second_look=None if verifier is None else OnnxPersonFinder(verifier),
        )
    return 0


def width_px(text: str) -> int:
    """A width of 64 to 1920 pixels, for argparse."""
    width = int(text)
    if not 64 <= width <= 1920:
        raise argparse.ArgumentTypeError(f"应为 64 到 1920 / expected 64 to 1920, got {width}")
    return width


def settings_for(width: int | None) -> DetectionSettings:
    """The shipped settings, looked at in another width where one is asked for."""
    return DetectionSettings() if width is None else DetectionSettings(width_px=width)


def _as_json(line: dict[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _as_text(line: dict[str, object]) -> None:
    facts = "  ".join(f"{k}={v}" for k, v in line.items() if k != "event" and v is not None)
    print(f"{line['event']}  {facts}", flush=True)
