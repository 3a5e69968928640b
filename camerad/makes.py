"""What is known of camera makes beyond ONVIF: where their streams are, and why they refuse. Pure.

For a camera that is added by hand, and for the sentence after a refusal. Ask ONVIF first wherever
it answers: these are habits of firmware, not a standard. It names makes, never models.
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from camerad.errors import CameraTalksNonsense
from camerad.stream_address import checked


class Make(StrEnum):
    HIKVISION = "hikvision"
    DAHUA = "dahua"
    UNIVIEW = "uniview"
    TP_LINK = "tp-link"


@dataclass(frozen=True)
class Template:
    """How one make writes its addresses. `main` and `sub` hold `{channel}` where it counts them."""

    name: str
    main: str
    sub: str
    onvif_port: int
    words: tuple[str, ...]
    """What its devices call themselves in discovery and in their description, lower case."""
    hint: str
    """Why it may refuse the right password, and where that is mended: Chinese / English."""

    @property
    def many_channels(self) -> bool:
        """Whether the channels of its recorders have addresses of their own."""
        return "{channel}" in self.sub


TEMPLATES: Final = {
    Make.HIKVISION: Template(
        "海康威视 Hikvision",
        "/Streaming/Channels/{channel}01",
        "/Streaming/Channels/{channel}02",
        80,
        ("hikvision", "海康"),
        "海康 5.5.0 起 ONVIF 默认关闭：网络 → 高级配置 → 集成协议，启用 ONVIF 并在该页添加"
        " ONVIF 用户（与网页用户分开，恢复出厂后会清空）。 / On Hikvision since"
        " 5.5.0 ONVIF is off: Network → Advanced → Integration Protocol, switch it on and add an"
        " ONVIF user there (apart from the web users, and gone after a factory reset).",
    ),
    Make.DAHUA: Template(
        "大华 Dahua",
        "/cam/realmonitor?channel={channel}&subtype=0",
        "/cam/realmonitor?channel={channel}&subtype=1",
        80,
        ("dahua", "大华", "imou"),
        "大华的 ONVIF 用户与网页用户分开：系统 → 用户管理 → ONVIF 用户，另设密码；时钟相差大时"
        "也会拒绝，请先校时。 / Dahua keeps ONVIF users apart from its web users:"
        " System → Account → ONVIF User, with a password of its own; a clock that is far off is"
        " refused too, set it first.",
    ),
    Make.UNIVIEW: Template(
        "宇视 Uniview",
        "/video1",
        "/video2",
        80,
        ("uniview", "宇视", "unv"),
        "宇视请确认 ONVIF 已启用，且密码不是初始密码。 / On Uniview see that ONVIF"
        " is on and that the password is no longer the initial one.",
    ),
    Make.TP_LINK: Template(
        "TP-LINK",
        "/stream1",
        "/stream2",
        2020,
        ("tp-link", "tplink", "vigi", "tapo"),
        "TP-LINK 需在 App 中另设“摄像机账号”，不是 TP-LINK 账号；ONVIF 多在 2020 端口。"
        " / On TP-Link a “camera account” is set in its app, it is not the TP-Link"
        " account; ONVIF is mostly on port 2020.",
    ),
}


def make_of(*said: str) -> Make | None:
    """The make that a device's own words (manufacturer, name, hardware) name; None if unknown."""
    text = " ".join(said).lower()
    return next(
        (make for make, known in TEMPLATES.items() if any(word in text for word in known.words)),
        None,
    )


def stream_addresses(make: Make, host: str, channel: int = 1, port: int = 554) -> tuple[str, str]:
    """(main, sub) RTSP addresses of one channel, counted from 1.

    Raises CameraTalksNonsense, whose sentence is for a person, when make, host, channel or port
    do not go together.
    """
    known = TEMPLATES[make]
    try:
        address = ipaddress.IPv4Address(host.strip())
    except ValueError as wrong:
        raise CameraTalksNonsense(
            f"{host!r} 不是 192.168.1.64 之类的地址 / {host!r} is no address such as 192.168.1.64"
        ) from wrong
    if not 1 <= channel <= 256 or not 1 <= port <= 65535:
        raise CameraTalksNonsense(
            "通道应为 1 至 256，端口为 1 至 65535 / a channel is 1 to 256, a port 1 to 65535"
        )
    if channel > 1 and not known.many_channels:
        raise CameraTalksNonsense(
            f"{known.name} 录像机的通道没有已知的地址写法，请直接填 RTSP 地址 / how {known.name}"
            " recorders write a channel's address is not known: give the RTSP address itself"
        )
    base = f"rtsp://{address}:{port}" if port != 554 else f"rtsp://{address}"
    main, sub = (checked(base + path.format(channel=channel)) for path in (known.main, known.sub))
    return main, sub
