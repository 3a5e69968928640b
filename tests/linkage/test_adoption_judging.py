"""May a camera be taken into service as it is described?"""

from dataclasses import replace

import pytest

from linkage.adoption.judging import (
    PlaceProhibited,
    host_of,
    is_watched,
    judged,
    judged_place,
    must_be_near,
    stream_address,
)
from linkage.adoption.model import Layer, LegalClass, Placed, ProhibitedPlace, Source, Wish
from linkage.registry.errors import BadEntry

WISH = Wish(
    name="牌坊",
    village_id="dongcun",
    location=" 东侧  灯杆 ",
    layer=Layer.AREA,
    legal_class=LegalClass.PUBLIC,
    may_see=(),
    sign_is_up=True,
    source=Source("rtsp://u:p@192.168.1.64/sub", "rtsp://192.168.1.64/main", username=" "),
)


def test_what_is_kept_is_tidy_and_holds_no_login_in_an_address() -> None:
    kept = judged(WISH)
    assert kept.location == "东侧 灯杆"
    assert kept.source.stream_uri == "rtsp://192.168.1.64/sub"
    assert kept.source.main_stream_uri == "rtsp://192.168.1.64/main"
    assert kept.source.username is None


@pytest.mark.parametrize("place", list(ProhibitedPlace))
def test_every_prohibited_place_is_refused_by_its_name_and_the_law(place: ProhibitedPlace) -> None:
    with pytest.raises(PlaceProhibited, match="第八条") as refused:
        judged(replace(WISH, may_see=(place,)))
    assert place.label.zh in str(refused.value)
    assert refused.value.places == (place,)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(WISH, id="东村"), "id"),
        (replace(WISH, name=" "), "name"),
        (replace(WISH, location=" "), "location"),
        (replace(WISH, location="长" * 201), "location"),
        (replace(WISH, latitude=200.0, longitude=1.0), "latitude"),
        (replace(WISH, source=Source("http://192.168.1.64/")), "stream_uri"),
        (replace(WISH, source=Source("rtsp://192.168.1.64/" + "x" * 500)), "stream_uri"),
        (replace(WISH, source=Source("rtsp://a/b", "x")), "main_stream_uri"),
        (replace(WISH, source=Source("rtsp://a/b", onvif_address="ftp://a")), "onvif_address"),
    ],
)
def test_what_is_wrong_is_named(wrong: Wish, field: str) -> None:
    with pytest.raises(BadEntry) as refused:
        judged(wrong)
    assert refused.value.field == field


PLACED = Placed("牌坊 ", " 西侧\n灯杆 ", Layer.AREA, LegalClass.PUBLIC, 30.1, 120.2)


def test_a_place_set_right_is_as_tidy_as_a_new_one() -> None:
    kept = judged_place(PLACED)
    assert (kept.name, kept.location) == ("牌坊", "西侧 灯杆")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(PLACED, location=" "), "location"),
        (replace(PLACED, name=""), "name"),
        (replace(PLACED, latitude=91.0), "latitude"),
    ],
)
def test_what_is_wrong_with_a_place_is_named(wrong: Placed, field: str) -> None:
    with pytest.raises(BadEntry) as refused:
        judged_place(wrong)
    assert refused.value.field == field


def test_an_id_of_ones_own_and_no_main_stream_are_right() -> None:
    kept = judged(replace(WISH, id="cam-7", source=Source("rtsp://a/b")))
    assert (kept.id, kept.source.main_stream_uri) == ("cam-7", None)


@pytest.mark.parametrize(
    ("legal", "sign", "watched"),
    [
        (LegalClass.PUBLIC, True, True),
        (LegalClass.PUBLIC, False, False),
        (LegalClass.OTHER_PUBLIC, False, False),
        (LegalClass.PRIVATE, False, False),
        (LegalClass.PRIVATE, True, False),
    ],
)
def test_it_is_watched_once_a_sign_hangs_where_one_must(
    legal: LegalClass, sign: bool, watched: bool
) -> None:
    assert is_watched(replace(WISH, legal_class=legal, sign_is_up=sign)) is watched


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("8.8.8.8", True), ("127.0.0.1", False), ("camera", True), ("", False)],
)
def test_nothing_but_a_private_network_is_near(host: str, loopback: bool) -> None:
    with pytest.raises(BadEntry, match="private"):
        must_be_near(host, loopback=loopback)


def test_this_machine_is_near_where_the_site_says_so() -> None:
    must_be_near("127.0.0.1", loopback=True)
    must_be_near("192.168.1.64", loopback=False)
    assert host_of(stream_address("rtsp://192.168.1.64:8554/x")) == "192.168.1.64"
