"""A camera is found, asked and watched; somebody lingers; the incident has the picture of them.

The whole way in real processes: WS-Discovery on loopback, ONVIF, RTSP, the worker, detection, the
log, the engine, evidence. "Shows it": where the person stands the picture differs from the empty
scene, and elsewhere it is the same scene.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from camerad.simulator.film import draw_film, film_from_clip
from camerad.simulator.scenes import EAST_GATE
from camerad.simulator.site import SimulatedCameraSite
from tests.external import real_footage
from tests.scenarios.cameras import (
    Polygon,
    Registered,
    changed,
    frames,
    loitering_of,
    picture_of,
    register,
)
from tests.scenarios.house import house


async def raised_by(
    tmp_path: Path, film: Path, zone: Polygon, within_s: float
) -> tuple[dict[str, object], np.ndarray]:
    """The incident that the film causes, and its picture."""
    camera = Registered("cam-gate", loiter=zone)
    async with house(tmp_path, broker="embedded", discover=True) as site:
        register(site, camera)
        async with SimulatedCameraSite([camera.playing(film)]):
            await site.start()
            async with site.client() as officer:
                await officer.sign_in()
                incident = await loitering_of(officer, camera.id, within_s=within_s)
                picture = await picture_of(officer, incident, camera.id)
        assert await site.stop() == 0
    return incident, picture


def assert_is_of_the_camera(incident: dict[str, object]) -> None:
    assert incident["stage"] == "reported"
    assert incident["cameras"] == ["cam-gate"]
    place = incident["place"]
    assert isinstance(place, dict)
    assert place["village"] == "东村"
    assert place["household"] is None


@pytest.mark.timeout(180)
async def test_somebody_who_lingers_in_a_drawn_street(tmp_path: Path) -> None:
    film = tmp_path / "gate.mp4"
    facts = draw_film(film, EAST_GATE, seconds=28, fps=10)
    incident, picture = await raised_by(tmp_path, film, facts.polygon, within_s=110)
    assert_is_of_the_camera(incident)
    (empty,) = frames(film, 1.0)
    # where they stand, by the scene: feet at (2.3 m, 9.7 m), head 1.8 m above
    view = EAST_GATE.view
    person = [view.fraction((2.3 + dx, tall, 9.7)) for dx, tall in ((-0.3, 0.0), (0.3, 1.8))]
    assert changed(picture, empty, person) > 0.3
    assert changed(picture, empty, [(0.0, 0.0), (1.0, 1.0)]) < 0.1, "it is the same street"
    (walker_elsewhere,) = frames(film, 6.0)
    assert changed(walker_elsewhere, empty, person) < 0.1, "the measure can tell"


@pytest.mark.timeout(240)
async def test_somebody_who_stands_at_a_real_table(tmp_path: Path) -> None:
    clip = real_footage("one-by-one-person-detection.mp4")
    labels = json.loads((clip.parent / "labels.json").read_text(encoding="utf-8"))
    (facts,) = (found for found in labels["clips"] if found["file"] == clip.name)
    (table,) = (zone for zone in facts["zones"] if zone["zone"] == "table")
    film = tmp_path / "table.mp4"
    film_from_clip(clip, film)
    incident, picture = await raised_by(tmp_path, film, table["polygon"], within_s=150)
    assert_is_of_the_camera(incident)
    empty, also_empty = frames(film, 48.0, 72.0)
    # a person whose feet are in the zone, from there up to a third of the picture
    body = [(x, y - up) for x, y in table["polygon"] for up in (0.0, 0.4)]
    assert changed(picture, empty, body) > 0.15
    assert changed(also_empty, empty, body) < 0.03, "the measure can tell"
