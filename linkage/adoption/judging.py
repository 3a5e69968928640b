"""May this camera be taken into service as it is described? Pure.

Every refusal names the field and what to do. What depends on other cameras belongs to `writing`.
"""

from dataclasses import replace

from camerad.ask_targets import is_private
from camerad.errors import CameraTalksNonsense
from camerad.stream_address import checked, host_and_port, without_login
from camerad.web_address import is_web_address
from linkage.adoption.model import LegalClass, Placed, ProhibitedPlace, Source, Wish
from linkage.registry import checks
from linkage.registry.errors import BadEntry
from linkage.registry.model import Said

LONGEST_LOCATION = 200
_LONGEST_ADDRESS = 500


class PlaceProhibited(BadEntry):
    """The camera looks, or may look, where the law lets none look."""

    def __init__(self, places: tuple[ProhibitedPlace, ...]) -> None:
        zh = "、".join(place.label.zh for place in places)
        en = ", ".join(place.label.en for place in places)
        super().__init__(
            "may_see",
            Said(
                f"不能接入：画面可能拍到{zh}。《公共安全视频图像信息系统管理条例》"
                "（国务院令第 799 号）第八条禁止在这些场所、部位安装图像采集设备。"
                "请拆除，或改变位置、朝向后重新接入",
                f"this camera cannot be taken in: it may look into {en}. Decree 799, Art. 8, allows"
                " no camera there. Take it down, or move and turn it and begin again",
            ),
        )
        self.places = places


def judged(wish: Wish) -> Wish:
    """The wish as it is to be kept, tidied. Raises PlaceProhibited, BadEntry."""
    if wish.may_see:
        raise PlaceProhibited(wish.may_see)
    if wish.id:
        checks.check_id(wish.id)
    name, location = _described(wish.name, wish.location)
    checks.check_position(wish.latitude, wish.longitude)
    return replace(wish, name=name, location=location, source=_tidy(wish.source))


def judged_place(placed: Placed) -> Placed:
    """A place that is set right, as it is to be kept. Raises BadEntry."""
    name, location = _described(placed.name, placed.location)
    checks.check_position(placed.latitude, placed.longitude)
    return replace(placed, name=name, location=location)


def _described(name: str, location: str) -> tuple[str, str]:
    name, location = checks.tidy_name(name), " ".join(location.split())
    if not location:
        raise BadEntry(
            "location",
            Said("请写明装在哪里，如“村口牌坊东侧灯杆”", "say where it hangs: it is filed so"),
        )
    if len(location) > LONGEST_LOCATION:
        raise BadEntry(
            "location",
            Said(f"安装位置最多 {LONGEST_LOCATION} 字", f"at most {LONGEST_LOCATION} characters"),
        )
    return name, location


def is_watched(wish: Wish) -> bool:
    """Whether it may be watched at once: a notice sign hangs. A household's camera waits for what
    the household agrees to."""
    return wish.sign_is_up and wish.legal_class is not LegalClass.PRIVATE


def stream_address(text: str, field: str = "stream_uri") -> str:
    """A usable RTSP address without a login in it. Raises BadEntry."""
    try:
        bare = without_login(checked(text.strip()))
    except (CameraTalksNonsense, ValueError) as wrong:
        raise BadEntry(
            field,
            Said(
                "视频流地址应如 rtsp://192.168.1.64/Streaming/Channels/102，中间没有空格",
                "a stream's address is like rtsp://192.168.1.64/Streaming/Channels/102",
            ),
        ) from wrong
    if len(bare) > _LONGEST_ADDRESS:
        raise BadEntry(field, Said("地址太长", "the address is too long"))
    return bare


def must_be_near(host: str, *, loopback: bool) -> None:
    """Only cameras of a private network are talked to. Raises BadEntry.

    `loopback`: whether this machine itself may be meant, as where cameras are simulated on it.
    """
    if not is_private(host) or (host.startswith("127.") and not loopback):
        raise BadEntry(
            "address",
            Said(
                f"{host} 不是内网地址：摄像机应在内网（10.*、172.16–31.*、192.168.*）",
                f"{host} is not an address of a private network, where cameras belong",
            ),
        )


def _tidy(source: Source) -> Source:
    main = source.main_stream_uri
    web = (source.snapshot_uri, source.onvif_address)
    if any(one is not None and not is_web_address(one) for one in web):
        raise BadEntry(
            "onvif_address",
            Said("ONVIF 地址应如 http://192.168.1.64/onvif/device_service", "not of the web"),
        )
    return replace(
        source,
        stream_uri=stream_address(source.stream_uri),
        main_stream_uri=stream_address(main, "main_stream_uri") if main else None,
        username=(source.username or "").strip() or None,
    )


def host_of(stream_uri: str) -> str:
    """The host of a stream address that was judged."""
    return host_and_port(stream_uri)[0]
