"""`lianfang demo`: the whole product on embedded parts, with a town to play with."""

import argparse
import asyncio
from pathlib import Path

from linkage.commands.common import Subparsers
from linkage.errors import BadSettings

FOLDER = Path("demo-data")


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "demo",
        help="试用整个系统 / try out the whole product",
        description="一个虚构的小镇：3 个村、6 台摄像机、120 户按钮；数据只写在 ./demo-data / "
        "a small invented town with simulated cameras and buttons; data only in ./demo-data.",
    )
    parser.add_argument(
        "--video", type=Path, metavar="FILE", help="让一台摄像机播放它 / a clip to play"
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="N 秒后自行结束 / end by itself")
    parser.add_argument("--port", type=int, default=8080, metavar="N", help="控制台端口 / console")
    parser.add_argument(
        "--mqtt-port", type=int, default=1883, metavar="N", help="MQTT 端口 / broker"
    )
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    # here, because loading the simulators takes a while that no other command needs
    from linkage.demo.run import run_demo

    for name, port in (("--port", arguments.port), ("--mqtt-port", arguments.mqtt_port)):
        if not 1 <= port <= 65535:
            raise BadSettings(f"{name} {port}: a port is 1 to 65535")
    asyncio.run(
        run_demo(
            FOLDER,
            video=arguments.video,
            seconds=arguments.seconds,
            port=arguments.port,
            mqtt_port=arguments.mqtt_port,
        )
    )
    return 0
