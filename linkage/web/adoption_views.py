"""The shapes of taking a camera into service in the API."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from camerad.makes import TEMPLATES, Make, make_of
from camerad.model import Channel, DiscoveredDevice, StreamProfile
from linkage.adoption.model import Layer, LegalClass, Placed, Plate, ProhibitedPlace, Source, Wish
from linkage.adoption.network import Asked
from linkage.mapping.sight import FieldOfView
from linkage.web.map_views import MapView, field_of, view

_Text = Annotated[str, Meta(max_length=200)]
_Address = Annotated[str, Meta(max_length=500)]
_Secret = Annotated[str, Meta(max_length=200)]


class Found(Struct, frozen=True, kw_only=True):
    endpoint_reference: str
    address: str
    onvif_address: str | None
    name: str
    hardware: str
    make: str | None
    make_name: str
    registered: int
    """How many cameras of it are in the registry: one, or more of a recorder's channels."""
    registered_as: str
    """The name of one of them, where the caller may see it."""


class FoundList(Struct, frozen=True, kw_only=True):
    items: list[Found]


class MakeItem(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    many_channels: bool
    hint_zh: str
    hint_en: str


class PlaceItem(Struct, frozen=True, kw_only=True):
    id: str
    zh: str
    en: str


class AdoptionWords(Struct, frozen=True, kw_only=True):
    makes: list[MakeItem]
    layers: list[PlaceItem]
    legal_classes: list[PlaceItem]
    prohibited_places: list[PlaceItem]


class StreamItem(Struct, frozen=True, kw_only=True):
    uri: str
    width: int
    height: int
    encoding: str
    frames_per_s: float | None


class ChannelItem(Struct, frozen=True, kw_only=True):
    number: int
    source: str | None
    """None: the device is one camera, not a recorder."""
    name: str
    detection: StreamItem | None
    evidence: StreamItem | None
    snapshot_uri: str | None


class Device(Struct, frozen=True, kw_only=True):
    manufacturer: str
    model: str
    firmware: str
    serial: str
    clock_skew_s: float | None
    channels: list[ChannelItem]


class Addresses(Struct, frozen=True, kw_only=True):
    main: str
    sub: str


class Unwatched(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    village: str


class UnwatchedList(Struct, frozen=True, kw_only=True):
    items: list[Unwatched]


class AdoptedCamera(Struct, frozen=True, kw_only=True):
    id: str
    watching: bool


# --- what is sent -------------------------------------------------------------------------------


class AskBody(Struct, forbid_unknown_fields=True, kw_only=True):
    onvif_address: _Address
    make: Make | None = None
    username: _Text = ""
    password: _Secret = ""


class PictureBody(Struct, forbid_unknown_fields=True, kw_only=True):
    stream_uri: _Address
    username: _Text = ""
    password: _Secret = ""


class AddressesBody(Struct, forbid_unknown_fields=True, kw_only=True):
    make: Make
    host: _Text
    channel: int = 1
    port: int = 554


class LoginBody(Struct, forbid_unknown_fields=True, kw_only=True):
    username: _Text = ""
    password: _Secret


class LoginChanged(Struct, frozen=True, kw_only=True):
    cameras: int
    """How many have the new login: all channels of a recorder."""


class PlaceBody(Struct, forbid_unknown_fields=True, kw_only=True):
    name: _Text
    location: Annotated[str, Meta(max_length=400)]
    layer: Layer
    legal_class: LegalClass
    latitude: float | None = None
    longitude: float | None = None
    view: MapView | UnsetType | None = UNSET
    """Left out: as it is; null: nobody knows."""
    reason: Annotated[str, Meta(max_length=200)]
    """Why it is changed: another legal class brings other duties."""

    def placed(self, kept: FieldOfView | None) -> Placed:
        """`kept`: the field of view as it is."""
        view = kept if isinstance(self.view, UnsetType) else field_of(self.view)
        return Placed(
            self.name,
            self.location,
            self.layer,
            self.legal_class,
            self.latitude,
            self.longitude,
            view,
        )


class Place(Struct, frozen=True, kw_only=True):
    name: str
    location: str
    layer: str
    legal_class: str
    latitude: float | None
    longitude: float | None
    view: MapView | None


def place(placed: Placed) -> Place:
    return Place(
        name=placed.name,
        location=placed.location,
        layer=placed.layer.value,
        legal_class=placed.legal_class.value,
        latitude=placed.latitude,
        longitude=placed.longitude,
        view=view(placed.view),
    )


class AdoptBody(Struct, forbid_unknown_fields=True, kw_only=True):
    name: _Text
    village: _Text
    location: Annotated[str, Meta(max_length=400)]
    layer: Layer
    legal_class: LegalClass
    may_see: list[ProhibitedPlace]
    """The prohibited places that the picture shows or may show; empty says: none of them."""
    sign_is_up: bool
    stream_uri: _Address
    main_stream_uri: _Address | None = None
    snapshot_uri: _Address | None = None
    endpoint_reference: _Text | None = None
    source: _Text | None = None
    onvif_address: _Address | None = None
    username: _Text = ""
    password: _Secret = ""
    manufacturer: _Text = ""
    model: _Text = ""
    serial: _Text = ""
    clock_skew_s: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    view: MapView | None = None
    id: _Text = ""

    def wish(self) -> Wish:
        return Wish(
            id=self.id.strip(),
            name=self.name,
            village_id=self.village,
            location=self.location,
            layer=self.layer,
            legal_class=self.legal_class,
            may_see=tuple(dict.fromkeys(self.may_see)),
            sign_is_up=self.sign_is_up,
            source=Source(
                stream_uri=self.stream_uri,
                main_stream_uri=self.main_stream_uri,
                snapshot_uri=self.snapshot_uri,
                endpoint_reference=self.endpoint_reference or None,
                source=self.source,
                onvif_address=self.onvif_address,
                username=self.username,
                password=self.password or None,
            ),
            plate=Plate(self.manufacturer, self.model, self.serial, self.clock_skew_s),
            latitude=self.latitude,
            longitude=self.longitude,
            view=field_of(self.view),
        )


# --- what is answered ---------------------------------------------------------------------------


def found(device: DiscoveredDevice, registered: int, registered_as: str) -> Found:
    make = make_of(device.name, device.hardware)
    return Found(
        endpoint_reference=device.endpoint_reference,
        address=device.address,
        onvif_address=device.xaddrs[0] if device.xaddrs else None,
        name=device.name,
        hardware=device.hardware,
        make=None if make is None else make.value,
        make_name="" if make is None else TEMPLATES[make].name,
        registered=registered,
        registered_as=registered_as,
    )


def device(asked: Asked) -> Device:
    about = asked.about
    return Device(
        manufacturer=about.manufacturer,
        model=about.model,
        firmware=about.firmware,
        serial=about.serial,
        clock_skew_s=about.clock_skew_s,
        channels=[_channel(c, single=len(asked.channels) == 1) for c in asked.channels],
    )


def words() -> AdoptionWords:
    return AdoptionWords(
        makes=[_make(make) for make in Make],
        layers=[PlaceItem(id=o.value, zh=o.label.zh, en=o.label.en) for o in Layer],
        legal_classes=[PlaceItem(id=o.value, zh=o.label.zh, en=o.label.en) for o in LegalClass],
        prohibited_places=[
            PlaceItem(id=o.value, zh=o.label.zh, en=o.label.en) for o in ProhibitedPlace
        ],
    )


def _make(make: Make) -> MakeItem:
    known = TEMPLATES[make]
    zh, _, en = known.hint.partition(" / ")
    return MakeItem(
        id=make.value, name=known.name, many_channels=known.many_channels, hint_zh=zh, hint_en=en
    )


def _channel(channel: Channel, *, single: bool) -> ChannelItem:
    best = channel.evidence or channel.detection
    return ChannelItem(
        number=channel.number,
        source=None if single else channel.source,
        name=best.name if best else "",
        detection=_stream(channel.detection),
        evidence=_stream(channel.evidence),
        snapshot_uri=best.snapshot_uri if best else None,
    )


def _stream(profile: StreamProfile | None) -> StreamItem | None:
    if profile is None or profile.stream_uri is None:
        return None
    return StreamItem(
        uri=profile.stream_uri,
        width=profile.width,
        height=profile.height,
        encoding=profile.encoding,
        frames_per_s=profile.frames_per_s,
    )
