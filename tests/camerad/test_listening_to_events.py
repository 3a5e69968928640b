"""Listening to a camera's events over real SOAP: made, pulled, renewed, lost, given back."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from camerad.device_events.listening import Listener
from camerad.device_events.model import EventsState, SightingKind
from camerad.device_events.reading import Pulled
from camerad.errors import (
    CameraRefused,
    CameraTalksNonsense,
    CameraUnreachable,
    NoPullPoint,
    PullPointGone,
)
from tests.camerad.events_camera import (
    EventsCamera,
    FastClock,
    listening,
    until,
    until_state,
)


async def test_a_pull_point_is_made_pulled_renewed_and_given_back() -> None:
    async with EventsCamera().serving() as camera:
        line = camera.line()
        lasts_s = await line.open()
        assert lasts_s == pytest.approx(60, abs=1)
        (state,) = {(n.topic, n.operation) for n in (await line.pull(1)).notifications}
        assert state == ("Device/Trigger/DigitalInput", "Initialized")
        camera.events.set_input("input-1", active=True)
        (pressed,) = (await line.pull(9)).notifications
        assert (pressed.source, pressed.data) == (
            {"InputToken": "input-1"},
            {"LogicalState": "true"},
        )
        assert await line.renew() == pytest.approx(60, abs=1)
        assert camera.events.renewed == 1
        await line.close()
        assert camera.events.listening == 0


async def test_a_camera_three_hours_off_dates_by_its_own_clock_and_is_heard_all_the_same() -> None:
    async with EventsCamera(off_s=3 * 3600).serving() as camera, listening(camera) as listener:
        await until_state(listener, EventsState.LISTENING)
        camera.events.set_input("input-1", active=True)
        await until(lambda: camera.heard and camera.heard[-1].active)
        pressed = camera.heard[-1]
        assert (pressed.kind, pressed.active, pressed.initial) == (SightingKind.INPUT, True, False)
        assert pressed.at is not None
        assert pressed.at - camera.clock.now() > timedelta(hours=2)


async def test_what_happens_between_two_pulls_waits_in_the_camera() -> None:
    async with EventsCamera().serving() as camera:
        line = camera.line()
        await line.open()
        await line.pull(1)
        camera.events.set_input("input-1", active=True)
        camera.events.set_input("input-1", active=False)
        assert len((await line.pull(1)).notifications) == 2


async def test_one_that_gives_no_more_pull_points_is_waited_for_without_a_storm() -> None:
    async with EventsCamera(at_most=1).serving() as camera:
        other = camera.line()
        await other.open()
        with pytest.raises(NoPullPoint, match="no more"):
            await camera.line().open()
        async with listening(camera) as listener:
            await until_state(listener, EventsState.FULL)
            await other.close()
            await until_state(listener, EventsState.LISTENING)
    assert camera.events.created == 2


async def test_a_restart_forgets_the_subscription_and_another_is_made() -> None:
    async with EventsCamera().serving() as camera, listening(camera) as listener:
        await until_state(listener, EventsState.LISTENING)
        camera.events.restart()
        await until(lambda: camera.events.created == 2)
        await until(lambda: camera.events.listening == 1)
        camera.events.set_input("input-1", active=True)
        await until(lambda: any(one.active for one in camera.heard))
    assert camera.events.listening == 0


async def test_of_one_that_was_pressed_while_nobody_listened_the_state_is_told() -> None:
    async with EventsCamera().serving() as camera, listening(camera) as listener:
        await until_state(listener, EventsState.LISTENING)
        camera.events.inputs["input-1"] = True
        camera.events.restart()
        await until(lambda: camera.heard and camera.heard[-1].active)
        assert camera.heard[-1].initial


async def test_a_pull_that_hangs_is_given_up_and_shown() -> None:
    async with EventsCamera().serving() as camera:
        line = camera.line(timeout_s=0.2)
        await line.open()
        camera.events.hangs_s = 500.0
        with pytest.raises(CameraUnreachable):
            await line.pull(0)


async def test_a_wrong_password_is_refused_and_not_tried_again_at_once() -> None:
    async with EventsCamera().serving() as camera:
        with pytest.raises(CameraRefused):
            await camera.line(password="wrong").open()
        async with listening(camera, password="wrong") as listener:
            await until_state(listener, EventsState.REFUSED)
    assert camera.events.created == 0


async def test_a_camera_without_events_says_so() -> None:
    camera = EventsCamera()
    camera.device.events = None
    async with camera.serving(), listening(camera) as listener:
        await until_state(listener, EventsState.UNSUPPORTED)


async def test_a_subscription_nobody_knows_is_gone() -> None:
    async with EventsCamera().serving() as camera:
        line = camera.line()
        await line.open()
        camera.events.restart()
        with pytest.raises(PullPointGone):
            await line.pull(1)
        with pytest.raises(PullPointGone):
            await line.renew()
        with pytest.raises(PullPointGone):
            await camera.line().pull(1)


async def test_what_nobody_understands_is_counted_and_disturbs_nothing() -> None:
    async with EventsCamera().serving() as camera, listening(camera) as listener:
        await until_state(listener, EventsState.LISTENING)
        camera.events.say("tns1:RuleEngine/FaceDetect/Seen", {"Source": "1"}, {"State": "true"})
        camera.events.say("tns1:Device/Trigger/DigitalInput", {}, {"LogicalState": "maybe"})
        camera.events.set_input("input-1", active=True)
        await until(lambda: camera.heard and camera.heard[-1].active)
        assert listener.health.unknown == 2
        assert listener.health.state is EventsState.LISTENING


async def test_what_is_heard_is_safe_before_more_is_pulled() -> None:
    async with EventsCamera().serving() as camera:
        listener = camera.listener()
        on_disk = asyncio.Event()

        async def slow(_sightings: object) -> None:
            await on_disk.wait()

        listener._on_sightings = slow
        task = asyncio.create_task(listener.run())
        await until_state(listener, EventsState.LISTENING)
        assert camera.events.pulls == 1
        on_disk.set()
        await until(lambda: camera.events.pulls > 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Scripted:
    """A line that answers each pull as it is told, then with nothing."""

    def __init__(self, *pulls: Exception | Pulled) -> None:
        self.pulls = list(pulls)
        self.opened = self.pulled = self.renewed = self.closed = 0
        self.lasts_s: float | None = 60.0
        self.renewing: Callable[[], float | None] = lambda: 60.0

    async def open(self) -> float | None:
        self.opened += 1
        return self.lasts_s

    async def pull(self, wait_s: int) -> Pulled:
        self.pulled += 1
        if self.pulls:
            said = self.pulls.pop(0)
            if isinstance(said, Exception):
                raise said
            return said
        return Pulled((), self.lasts_s)

    async def renew(self) -> float | None:
        self.renewed += 1
        return self.renewing()

    async def close(self) -> None:
        self.closed += 1
        raise PullPointGone("gone")


async def listened(line: Scripted, *, pulls: int) -> Listener:
    async def keep(_sightings: object) -> None: ...

    listener = Listener("cam", line, FastClock(), keep)
    task = asyncio.create_task(listener.run())
    await until(lambda: line.pulled >= pulls or task.done())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return listener


async def test_a_blip_of_the_network_keeps_the_pull_point_and_what_waits_in_it() -> None:
    line = Scripted(Pulled((), 60.0), CameraUnreachable("away"), CameraUnreachable("away"))
    listener = await listened(line, pulls=4)
    assert (line.opened, line.closed) == (1, 1)
    assert listener.health.state is EventsState.LISTENING


async def test_a_pull_point_that_ran_out_while_it_was_away_is_made_anew() -> None:
    line = Scripted(Pulled((), 0.5), CameraUnreachable("away"), CameraUnreachable("away"))
    line.renewing = lambda: 0.5
    await listened(line, pulls=4)
    assert line.opened == 2


async def test_a_camera_that_answers_at_once_is_not_asked_in_a_storm() -> None:
    line = Scripted()
    clock = FastClock()
    await listened(line, pulls=5)
    assert clock.monotonic() >= 4


async def test_one_that_takes_every_pull_point_away_is_asked_ever_more_seldom() -> None:
    line = Scripted(*(PullPointGone("gone") for _ in range(6)))
    clock = FastClock()
    await listened(line, pulls=6)
    # 1, 2, 4, 8 and 16 seconds, each less its share of chance
    assert clock.monotonic() > 12


async def test_one_that_cannot_renew_is_kept_by_pulling() -> None:
    line = Scripted()
    line.lasts_s = 10.0

    def cannot() -> float | None:
        raise CameraTalksNonsense("no such call")

    line.renewing = cannot
    await listened(line, pulls=3)
    assert (line.opened, line.renewed) == (1, 1)


async def test_where_nothing_answers_the_events_are_lost() -> None:
    camera = EventsCamera()
    camera.url = "http://127.0.0.1:9/onvif/device_service"
    async with listening(camera) as listener:
        await until_state(listener, EventsState.LOST)
        assert listener.health.detail
