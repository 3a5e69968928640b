"""The framing of live view: what goes over its WebSocket, in both directions. Pure.

One socket carries several views, each with a number of the page's choosing. Text messages are JSON
objects with `type`; binary messages are a head of 20 bytes and a part of film or a picture:

    0      version, 1
    1      kind: 1 what goes before a film, 2 a fragment of it, 3 a JPEG
    2      number of the view
    3      bit 0: pictures before it were left out
    4..7   number of the part, counted from 1 in each format
    8..15  Unix milliseconds of the server's clock at which a picture came from the camera
    16..19 where that picture stands in the film, milliseconds

Numbers are big-endian. A viewer answers every part with `taken`; the worker waits for it.
"""

import struct
from typing import Final

import msgspec

from camerad.live.model import LivePart
from linkage.web.reading import PURPOSE_LIMIT

VERSION: Final = 1
MOST_VIEWS: Final = 16
"""Of one socket: as many tiles as the largest wall has."""
_HEAD: Final = struct.Struct(">BBBBIQI")


class Open(msgspec.Struct, tag_field="type", tag="open", forbid_unknown_fields=True):
    """Show me this camera."""

    view: int
    camera: str
    purpose: str = ""
    incident: str | None = None
    film: bool = True
    """Whether the browser has Media Source Extensions."""


class Close(msgspec.Struct, tag_field="type", tag="close", forbid_unknown_fields=True):
    """I have seen enough."""

    view: int


class Continue(msgspec.Struct, tag_field="type", tag="continue", forbid_unknown_fields=True):
    """I go on looking: the time begins anew."""

    view: int


class Pictures(msgspec.Struct, tag_field="type", tag="pictures", forbid_unknown_fields=True):
    """I cannot play this film: send pictures."""

    view: int


class Taken(msgspec.Struct, tag_field="type", tag="taken", forbid_unknown_fields=True):
    """I have everything up to this part."""

    view: int
    number: int


Ask = Open | Close | Continue | Pictures | Taken
_ASK = msgspec.json.Decoder(Ask)


class Begun(msgspec.Struct, tag_field="type", tag="begun"):
    """The look is written down; pictures follow."""

    view: int
    look: str
    lasts_s: float
    until_ms: int
    """Unix milliseconds of the server's clock at which it ends by itself."""


class Format(msgspec.Struct, tag_field="type", tag="format"):
    """What comes from here on; a player begins anew."""

    view: int
    via: str
    codec: str
    width: int
    height: int
    masked: bool


class Waits(msgspec.Struct, tag_field="type", tag="waits"):
    """No picture comes now; it is tried on."""

    view: int
    why: str
    said: str


class Over(msgspec.Struct, tag_field="type", tag="over"):
    """The last word of a view. `why` is a word of `linkage.looking.register.Ended`, a refusal's,
    or `too-many`, `bad`, `store`."""

    view: int
    why: str
    said: str
    refused: bool
    """Whether it never began."""


Said = Begun | Format | Waits | Over


class NotAnAskError(ValueError):
    """What came is no message of this framing; the text says why."""


def ask_of(text: str) -> Ask:
    """What a viewer says. Raises NotAnAskError."""
    try:
        ask: Ask = _ASK.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnAskError(str(error)) from error
    if not 0 <= ask.view <= 255:
        raise NotAnAskError("view is a number from 0 to 255")
    if isinstance(ask, Open) and len(ask.purpose) > PURPOSE_LIMIT:
        raise NotAnAskError(f"purpose has at most {PURPOSE_LIMIT} characters")
    return ask


def text_of(said: Said) -> str:
    """As it goes over the socket."""
    return msgspec.json.encode(said).decode()


def bytes_of(view: int, part: LivePart) -> bytes:
    """The same of a part; `view` is the page's number for it."""
    head = _HEAD.pack(
        VERSION,
        part.kind,
        view,
        part.left_out,
        part.number & 0xFFFFFFFF,
        part.at_ms,
        part.media_ms & 0xFFFFFFFF,
    )
    return head + part.data
