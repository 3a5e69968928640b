"""The strip under an analysed film: what was said stands at its time, in the row of its zone."""

import numpy as np

from camerad.model import Detection, EventName, Trouble, Zone, ZoneKind
from camerad.timeline_strip import _LABEL_PX, ROW_PX, TimelineStrip

CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
ZONES = (
    Zone("gate", ZoneKind.LOITER, CORNERS, dwell_s=5.0),
    Zone("院子", ZoneKind.MOTION, CORNERS),
    Zone("neighbour", ZoneKind.PRIVACY, CORNERS),
)
WIDTH = _LABEL_PX + 6 + 400
"""Ten pixels a second of a film of 40 s."""


def said(name: EventName, t_s: float, zone: str, track: int | None = None) -> Detection:
    trouble = Trouble.BLACK if "tamper" in name else None
    return Detection(name, t_s, zone, track=track, trouble=trouble)


def colour(strip: np.ndarray, row: int, t_s: float) -> tuple[int, ...]:
    return tuple(int(v) for v in strip[row * ROW_PX + ROW_PX // 2, _LABEL_PX + round(10 * t_s)])


def test_dwell_loitering_motion_and_tamper_each_have_their_row_and_colour() -> None:
    strip = TimelineStrip(ZONES, 40.0)
    for second in range(31):
        events = {
            5: [said(EventName.MOTION_STARTED, 5, "院子")],
            9: [said(EventName.MOTION_ENDED, 9, "院子")],
            10: [said(EventName.LOITERING_STARTED, 10, "gate", 3)],
            # the stay went over to another track
            20: [said(EventName.LOITERING_ENDED, 20, "gate", 4)],
            25: [said(EventName.TAMPER_STARTED, 25, "")],
        }.get(second, [])
        strip.note(float(second), events, {"gate": 1.0} if 4 <= second <= 20 else {})
    drawn = strip.drawn(WIDTH, 30.0)
    assert drawn.shape == (strip.height, WIDTH, 3)
    assert strip.height == 4 * ROW_PX
    empty = colour(drawn, 0, 1.0)
    stays, loiters = colour(drawn, 0, 7.0), colour(drawn, 0, 15.0)
    assert len({empty, stays, loiters, colour(drawn, 1, 7.0), colour(drawn, 2, 28.0)}) == 5
    assert colour(drawn, 0, 23.0) == colour(drawn, 1, 2.0) == colour(drawn, 2, 10.0) == empty
    # what is to come is not there yet
    assert colour(drawn, 0, 35.0) != empty


def test_without_a_known_length_the_last_minute_is_shown() -> None:
    strip = TimelineStrip(ZONES, None)
    strip.note(0.0, [said(EventName.TAMPER_STARTED, 0.0, "")], {})
    strip.note(2.0, [said(EventName.TAMPER_ENDED, 2.0, "")], {})
    early, late = strip.drawn(WIDTH, 10.0), strip.drawn(WIDTH, 100.0)
    row = slice(2 * ROW_PX + 4, 3 * ROW_PX - 4)
    inside = slice(_LABEL_PX, _LABEL_PX + 300)
    assert len(np.unique(early[row, inside].reshape(-1, 3), axis=0)) > 1
    assert len(np.unique(late[row, inside].reshape(-1, 3), axis=0)) == 1


def test_an_end_without_a_beginning_and_a_zone_unknown_are_passed_over() -> None:
    strip = TimelineStrip(ZONES, 10.0)
    strip.note(1.0, [said(EventName.MOTION_ENDED, 1.0, "院子")], {})
    strip.note(2.0, [said(EventName.MOTION_STARTED, 2.0, "elsewhere")], {})
    assert strip.drawn(120, 3.0).shape == (strip.height, 120, 3)
