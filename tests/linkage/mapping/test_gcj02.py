"""GCJ-02 to WGS-84 and back: as it was published, and to less than a metre everywhere. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.cells import distance_m
from linkage.mapping.gcj02 import to_gcj02, to_wgs84

PUBLISHED = (
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
)
"""The figures published with the formula."""


@pytest.mark.parametrize(("wgs84", "gcj02"), PUBLISHED)
def test_it_is_what_was_published(wgs84, gcj02):
    assert to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-9)
    assert distance_m(to_wgs84(*gcj02), wgs84) < 0.05


@given(latitude=st.floats(18, 53), longitude=st.floats(74, 134))
def test_a_place_comes_back_to_less_than_a_metre(latitude, longitude):
    place = latitude, longitude
    assert distance_m(to_wgs84(*to_gcj02(*place)), place) < 0.05
    assert distance_m(to_gcj02(*to_wgs84(*place)), place) < 0.05


def test_abroad_both_are_the_same():
    assert to_gcj02(48.2, 16.37) == (48.2, 16.37)
    assert to_wgs84(48.2, 16.37) == (48.2, 16.37)
