"""The fleet with real worker processes and real streams."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from camerad.discovery import discover
from camerad.errors import NoSnapshot
from camerad.fleet import Fleet
from camerad.model import Camera, CameraEvent, CameraHealth, CameraState, EventName, Zone, ZoneKind
from camerad.onvif_door import describe
from camerad.priority import BEHIND
from camerad.profiles import smallest_fit
from camerad.shedding import SheddingRules
from camerad.simulator.camera import SimulatedCamera
from camerad.simulator.discovery import DiscoveryResponder
from camerad.wire import Limits, PrivacyMask
from lianfang_timing import Backoff, SystemClock
from tests.camerad.fleet_fakes import Scripted, black_mask, no_mask
from tests.camerad.rtsp_cameras import GoodCamera
from tests.polling import until

QUICK = Limits(
    open_timeout_s=2.0,
    read_timeout_s=2.0,
    probe_timeout_s=0.7,
    report_s=0.2,
    hung_s=4.0,
    retry=Backoff(first_s=0.2, cap_s=1.0),
    retry_hung=Backoff(first_s=60.0),
)
HASTY = SheddingRules(window_s=0.6, fall_after_s=1.0)
Reasons = dict[str, tuple[CameraState, str]]


class Town:
    """A running fleet and everything it has said."""

    def __init__(self, mask: PrivacyMask = no_mask, limits: Limits = QUICK) -> None:
        self.events: list[CameraEvent] = []
        self.health: list[CameraHealth] = []
        self.may_take = asyncio.Event()
        self.may_take.set()
        self._news = asyncio.Event()
        self.fleet = Fleet(
            clock=SystemClock(),
            on_event=self._take,
            on_health=self._note,
            workers=1,
            limits=limits,
            detector=Scripted,
            mask=mask,
        )

    async def _take(self, event: CameraEvent) -> None:
        await self.may_take.wait()
        self.events.append(event)
        self._news.set()

    def _note(self, health: CameraHealth) -> None:
        self.health.append(health)
        self._news.set()

    async def until(self, happened: Callable[[], bool], timeout_s: float = 30.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def until_health(
        self, true: Callable[[dict[str, CameraHealth]], bool], timeout_s: float = 30.0
    ) -> None:
        """For figures, which come from the worker's process and of which nothing tells."""

        async def is_so() -> bool:
            return true(self.fleet.health())

        await until(is_so, timeout_s=timeout_s)

    def reasons(self) -> Reasons:
        return {i: (health.state, health.reason) for i, health in self.fleet.health().items()}

    async def until_watching(self, *camera_ids: str, timeout_s: float = 30.0) -> None:
        wanted = (CameraState.WATCHING, "")
        await self.until(
            lambda: all(self.reasons().get(i) == wanted for i in camera_ids), timeout_s
        )

    async def until_down(self, camera_id: str, reason: str, timeout_s: float = 30.0) -> None:
        wanted = (CameraState.DOWN, reason)
        await self.until(lambda: self.reasons().get(camera_id) == wanted, timeout_s)

    def worker_pid(self) -> int:
        handle = self.fleet._slots[0].handle
        assert handle is not None
        assert handle.pid is not None
        return handle.pid


@asynccontextmanager
async def running(town: Town, *cameras: Camera) -> AsyncIterator[Town]:
    town.fleet.watch(cameras)
    task = asyncio.create_task(town.fleet.run())
    try:
        yield town
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def camera(name: str, uri: str, *zone_names: str) -> Camera:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    zones = tuple(Zone(zone, ZoneKind.MOTION, whole) for zone in zone_names)
    return Camera(name, name, uri, zones=zones)


def decoded(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


async def test_what_is_detected_comes_out_as_numbered_events_of_one_run(
    good_camera: GoodCamera,
) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until(lambda: len(town.events) == 2)
        town.fleet.watch([])
        await town.until(lambda: len(town.events) == 3)
    assert [event.detection.name for event in town.events] == [
        EventName.MOTION_STARTED,
        EventName.LOITERING_STARTED,
        EventName.MOTION_ENDED,
    ]
    assert [event.seq for event in town.events] == [1, 2, 3]
    assert len({event.run for event in town.events}) == 1
    assert {event.camera_id for event in town.events} == {"yard"}


async def test_only_the_start_of_loitering_carries_a_picture(good_camera: GoodCamera) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until(lambda: len(town.events) == 2)
    motion, loitering = town.events[:2]
    assert motion.picture_jpeg is None
    assert loitering.picture_jpeg is not None
    assert decoded(loitering.picture_jpeg).shape == (240, 320, 3)


async def test_pictures_leave_the_worker_masked(good_camera: GoodCamera) -> None:
    async with running(Town(black_mask), camera("yard", good_camera.uri)) as town:
        await town.until(lambda: len(town.events) == 2)
        snapshot = await town.fleet.snapshot("yard", timeout_s=10)
    assert decoded(snapshot).max() == 0
    picture = town.events[1].picture_jpeg
    assert picture is not None
    assert decoded(picture).max() == 0


async def test_a_snapshot_is_in_colour(good_camera: GoodCamera) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until_watching("yard")
        image = decoded(await town.fleet.snapshot("yard", timeout_s=10))
    blue, _, red = image[10, 10].tolist()
    assert red > 150 > 100 > blue


@pytest.mark.alone
async def test_broken_cameras_are_down_with_their_reason_while_a_good_one_goes_on(
    good_camera: GoodCamera, broken_cameras: dict[str, str], unused_port: int
) -> None:
    refusing = replace(
        camera("refusing", broken_cameras["refusing"]), username="duty", password="wrong"
    )
    cameras = [
        camera("yard", good_camera.uri),
        camera("silent", broken_cameras["silent"]),
        camera("garbage", broken_cameras["garbage"]),
        refusing,
        camera("absent", f"rtsp://127.0.0.1:{unused_port}/x"),
        camera("broken", good_camera.uri, "break"),
    ]
    async with running(Town(), *cameras) as town:
        await town.until_watching("yard")
        await town.until_down("silent", "hung")
        await town.until_down("garbage", "nonsense")
        await town.until_down("refusing", "refused")
        await town.until_down("absent", "unreachable")
        await town.until_down("broken", "worker-lost")
        assert town.reasons()["yard"] == (CameraState.WATCHING, "")
        assert [h.state for h in town.health if h.camera_id == "yard"] == [
            CameraState.CONNECTING,
            CameraState.WATCHING,
        ]
        with pytest.raises(NoSnapshot, match="password"):
            await town.fleet.snapshot("refusing")


async def test_dead_cameras_do_not_hold_up_the_opening_of_a_good_one(
    good_camera: GoodCamera, broken_cameras: dict[str, str]
) -> None:
    dead = [camera(f"dead-{n}", broken_cameras["silent"]) for n in range(20)]
    async with running(Town(), *dead, camera("yard", good_camera.uri)) as town:
        # opened in turn, twenty dead cameras with two seconds each would take forty
        await town.until_watching("yard", timeout_s=10)


async def test_a_camera_that_describes_but_never_sends_is_down_for_lack_of_frames(
    mute_camera: str,
) -> None:
    async with running(Town(), camera("mute", mute_camera)) as town:
        await town.until_down("mute", "no-frames")


async def test_the_product_s_own_detector_and_mask_work_in_a_worker(
    good_camera: GoodCamera,
) -> None:
    left_half = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    hidden = replace(
        camera("yard", good_camera.uri),
        zones=(
            Zone("neighbour", ZoneKind.PRIVACY, left_half),
            Zone("yard", ZoneKind.MOTION, ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))),
        ),
    )
    events: list[CameraEvent] = []
    seen = asyncio.Event()

    async def take(event: CameraEvent) -> None:
        events.append(event)
        seen.set()

    fleet = Fleet(clock=SystemClock(), on_event=take, workers=1, limits=QUICK)
    fleet.watch([hidden])
    task = asyncio.create_task(fleet.run())
    await asyncio.wait_for(seen.wait(), 60)
    image = decoded(await fleet.snapshot("yard", timeout_s=10))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert events[0].detection.name is EventName.MOTION_STARTED
    assert events[0].detection.zone == "yard"
    assert image[:, :150].std() < 3
    assert image[10, 300].tolist()[2] > 150


@asynccontextmanager
async def simulated(clip: Path) -> AsyncIterator[SimulatedCamera]:
    async with (
        SimulatedCamera(
            endpoint_reference="urn:uuid:0b0c3f06-2b5a-4a9e-9f3d-000000000077",
            name="gate",
            film=clip,
            username="onvif",
            password="p@ss:word/1",
        ) as simulated_camera,
        DiscoveryResponder([simulated_camera.announcement]),
    ):
        yield simulated_camera


async def test_a_camera_is_found_asked_and_watched_with_its_login(clip: Path) -> None:
    async with simulated(clip) as there:
        found = await discover(timeout_s=1, interfaces=["127.0.0.1"])
        mine = next(d for d in found if there.onvif_url in d.xaddrs)
        about = await describe(mine.xaddrs[0], "onvif", "p@ss:word/1")
        profile = smallest_fit(about.profiles)
        assert profile is not None
        assert profile.stream_uri is not None
        gate = replace(camera("gate", profile.stream_uri), username="onvif", password="p@ss:word/1")
        async with running(Town(), gate) as town:
            await town.until_watching("gate")
            assert decoded(await town.fleet.snapshot("gate", timeout_s=10)).any()


async def test_a_changed_password_is_shown_as_refused_and_mended_at_once(clip: Path) -> None:
    async with simulated(clip) as there:
        wrong = replace(camera("gate", there.rtsp_url), username="onvif", password="old")
        async with running(Town(), wrong) as town:
            await town.until_down("gate", "refused")
            town.fleet.watch([replace(wrong, password="p@ss:word/1")])
            await town.until_watching("gate", timeout_s=10)


async def test_a_camera_without_power_is_down_and_comes_back_with_a_new_run(
    good_camera: GoodCamera,
) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until_watching("yard")
        await good_camera.switch_off()
        await town.until_down("yard", "no-frames", timeout_s=15)
        await town.until_down("yard", "unreachable", timeout_s=15)
        await good_camera.switch_on()
        await town.until_watching("yard", timeout_s=10)
        await town.until(lambda: len({event.run for event in town.events}) == 2)
        assert town.fleet.health()["yard"].reconnects >= 1


async def test_a_stream_that_freezes_is_an_outage_with_the_usual_limits(
    good_camera: GoodCamera,
) -> None:
    async with running(Town(limits=Limits()), camera("yard", good_camera.uri)) as town:
        await town.until_watching("yard")
        await good_camera.freeze()
        await town.until_down("yard", "no-frames", timeout_s=15)


async def test_a_worker_stuck_in_one_camera_is_replaced_and_the_others_come_back(
    good_camera: GoodCamera,
) -> None:
    cameras = [camera("yard", good_camera.uri), camera("stuck", good_camera.uri, "hang")]
    async with running(Town(), *cameras) as town:
        await town.until_watching("yard")
        first = town.worker_pid()
        await town.until_down("stuck", "hung")
        await town.until_watching("yard")
        assert town.worker_pid() != first
        assert town.reasons()["stuck"] == (CameraState.DOWN, "hung")
        assert not psutil.pid_exists(first)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=lambda s: s.name)
async def test_a_worker_that_is_killed_or_stopped_dead_is_shown_and_replaced_within_20_s(
    good_camera: GoodCamera, blow: signal.Signals
) -> None:
    async with running(Town(limits=Limits()), camera("yard", good_camera.uri)) as town:
        await town.until_watching("yard")
        os.kill(town.worker_pid(), blow)
        async with asyncio.timeout(20):
            await town.until_down("yard", "worker-lost")
            await town.until_watching("yard")


async def test_every_thread_of_a_worker_stands_behind_the_main_process(
    good_camera: GoodCamera,
) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until_watching("yard")
        threads = [int(task.name) for task in Path(f"/proc/{town.worker_pid()}/task").iterdir()]
        nices = {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
        assert len(threads) > 3
        assert nices == {min(19, os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)}


@pytest.mark.alone
async def test_a_camera_that_lags_alone_sheds_alone(good_camera: GoodCamera) -> None:
    cameras = [
        camera("slow", good_camera.uri, "slow"),
        *(camera(f"good-{n}", good_camera.uri) for n in range(2)),
    ]
    async with running(Town(), *cameras) as town:
        await town.until_watching(*(c.id for c in cameras))
        await town.until_health(lambda h: h["slow"].shedding and h["slow"].frames_shed >= 10)
        health = town.fleet.health()
        assert 0 < health["slow"].analysed_per_s < 2
        for good in (health["good-0"], health["good-1"]):
            assert (good.shedding, good.frames_shed) == (False, 0)
            assert good.analysed_per_s > 4


async def test_a_worker_whose_cameras_lag_looks_less_at_all_of_them_but_at_each(
    good_camera: GoodCamera,
) -> None:
    cameras = [
        camera("slow-0", good_camera.uri, "slow"),
        camera("slow-1", good_camera.uri, "slow"),
        camera("good", good_camera.uri),
    ]
    async with running(Town(limits=replace(QUICK, shedding=HASTY)), *cameras) as town:
        await town.until_watching(*(c.id for c in cameras))
        await town.until_health(lambda h: all(one.shedding for one in h.values()))
        await town.until_health(lambda h: 0 < h["good"].analysed_per_s < 1.5)
        assert all(one.state is CameraState.WATCHING for one in town.fleet.health().values())
        assert all(one.analysed_per_s > 0 for one in town.fleet.health().values())


async def test_a_slow_taker_loses_no_event_and_silences_no_report(
    good_camera: GoodCamera,
) -> None:
    town = Town(limits=replace(QUICK, queued_events=5, read_timeout_s=10.0))
    town.may_take.clear()
    async with running(town, camera("yard", good_camera.uri, "storm")):
        await town.until_watching("yard")
        slot = town.fleet._slots[0]
        first = slot.reported_s
        assert first is not None

        async def reports_still() -> bool:
            return slot.reported_s is not None and slot.reported_s >= first + QUICK.hung_s + 1

        # each picture is an event, so the queue is full long before the limit for hanging is over
        await until(reports_still, timeout_s=20)
        assert town.reasons()["yard"] == (CameraState.WATCHING, "")
        town.may_take.set()
        await town.until(lambda: len(town.events) >= 20)
    by_run: dict[int, list[int]] = {}
    for event in town.events:
        by_run.setdefault(event.run, []).append(event.seq)
    for sequence in by_run.values():
        assert sequence == list(range(1, len(sequence) + 1))


async def test_a_changed_camera_is_connected_anew_and_the_others_are_left_alone(
    good_camera: GoodCamera,
) -> None:
    yard, gate = camera("yard", good_camera.uri), camera("gate", good_camera.uri)
    async with running(Town(), yard, gate) as town:
        await town.until(lambda: len(town.events) == 4)
        assert town.fleet.taken_up("gate") == gate
        changed = camera("gate", good_camera.uri, "other")
        town.fleet.watch([yard, changed])
        # wanted is not taken up: who asks is told of what hides and watches now
        assert town.fleet.taken_up("gate") == gate

        async def is_taken_up() -> bool:
            return town.fleet.taken_up("gate") == changed

        await until(is_taken_up, timeout_s=20)
        await town.until(lambda: len({e.run for e in town.events if e.camera_id == "gate"}) == 2)
        assert len({e.run for e in town.events if e.camera_id == "yard"}) == 1
        assert town.reasons()["yard"] == (CameraState.WATCHING, "")


async def test_cameras_no_longer_wanted_are_forgotten(good_camera: GoodCamera) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until_watching("yard")
        town.fleet.watch([])
        assert town.fleet.health() == {}
        with pytest.raises(NoSnapshot):
            await town.fleet.snapshot("yard")


async def test_stopping_ends_the_workers_in_time(
    good_camera: GoodCamera, broken_cameras: dict[str, str]
) -> None:
    cameras = [camera("yard", good_camera.uri), camera("silent", broken_cameras["silent"])]
    async with running(Town(), *cameras) as town:
        await town.until_watching("yard")
        pid = town.worker_pid()
        stopped_s = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopped_s < QUICK.stop_s + 2
    assert not psutil.pid_exists(pid)


async def test_events_going_on_are_ended_when_the_fleet_stops(good_camera: GoodCamera) -> None:
    async with running(Town(), camera("yard", good_camera.uri)) as town:
        await town.until(lambda: len(town.events) == 2)
    assert town.events[-1].detection.name is EventName.MOTION_ENDED


async def test_a_taker_that_fails_ends_the_fleet(good_camera: GoodCamera) -> None:
    async def cannot_keep(event: CameraEvent) -> None:
        raise OSError("disk full")

    fleet = Fleet(
        clock=SystemClock(), on_event=cannot_keep, limits=QUICK, detector=Scripted, mask=no_mask
    )
    fleet.watch([camera("yard", good_camera.uri)])
    with pytest.raises(ExceptionGroup) as failure:
        await asyncio.wait_for(fleet.run(), 30)
    assert failure.group_contains(OSError, match="disk full")


PARENT = """
import asyncio, signal, sys
from camerad.fleet import Fleet
from camerad.model import Camera
from lianfang_timing import SystemClock
from tests.camerad.fleet_fakes import Scripted, no_mask

async def main(uri):
    async def told(event):
        if event.seq == 1:
            print(fleet._slots[0].handle.pid, flush=True)
    fleet = Fleet(clock=SystemClock(), on_event=told, workers=1, detector=Scripted, mask=no_mask)
    fleet.watch([Camera("yard", "yard", uri)])
    await fleet.run()

if __name__ == "__main__":
    # whoever starts the tests in the background has interrupts ignored, and this inherits it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main(sys.argv[1]))
"""


async def run_parent(uri: str, path: Path) -> tuple[asyncio.subprocess.Process, psutil.Process]:
    await asyncio.to_thread(path.write_text, PARENT)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, path, uri,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        start_new_session=True,
    )  # fmt: skip
    assert parent.stdout is not None
    async with asyncio.timeout(30):
        line = b""
        while not line.strip().isdigit():
            line = await parent.stdout.readline()
            assert line, (await parent.stderr.read() if parent.stderr else b"").decode()
    return parent, psutil.Process(int(line))


async def test_workers_end_when_the_main_process_is_killed(
    good_camera: GoodCamera, tmp_path: Path
) -> None:
    parent, worker = await run_parent(good_camera.uri, tmp_path / "parent.py")
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(worker.wait, 10)


async def test_an_interrupt_from_the_terminal_prints_no_traceback_of_a_worker(
    good_camera: GoodCamera, tmp_path: Path
) -> None:
    parent, worker = await run_parent(good_camera.uri, tmp_path / "parent.py")
    os.killpg(parent.pid, signal.SIGINT)
    _, printed = await asyncio.wait_for(parent.communicate(), 15)
    await asyncio.to_thread(worker.wait, 10)
    # asyncio.run of the main process prints its own, two chained; no process of ours a further one
    assert printed.count(b"camerad/worker") == 0
    assert printed.count(b"multiprocessing") == 0
    assert printed.count(b"KeyboardInterrupt\n") == 1
