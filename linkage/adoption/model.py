"""The words of adoption: what is asked of a camera before it may be watched."""

from dataclasses import dataclass, field
from enum import StrEnum

from linkage.mapping.sight import FieldOfView
from linkage.registry.model import Said


class Layer(StrEnum):
    """Where in the town's four layers of watching it stands."""

    AREA = "area"
    CHECKPOINT = "checkpoint"
    COMMUNITY = "community"
    KEY_SITE = "key_site"

    @property
    def label(self) -> Said:
        return _LAYERS[self]


class LegalClass(StrEnum):
    """Which duties its place brings with it (国务院令第 799 号, Art. 7, 9, 33)."""

    PUBLIC = "public"
    OTHER_PUBLIC = "other_public"
    PRIVATE = "private"

    @property
    def label(self) -> Said:
        return _CLASSES[self]

    @property
    def needs_sign(self) -> bool:
        """Whether a notice sign must hang there: everywhere but in somebody's own home."""
        return self is not LegalClass.PRIVATE


class ProhibitedPlace(StrEnum):
    """Where no camera may look, whoever wants it."""

    GUEST_ROOM = "guest_room"
    DORMITORY = "dormitory"
    BATH = "bath"
    TOILET = "toilet"
    CHANGING_ROOM = "changing_room"
    NURSING_ROOM = "nursing_room"
    OTHER_PRIVACY = "other_privacy"

    @property
    def label(self) -> Said:
        return _PROHIBITED[self]


_LAYERS = {
    Layer.AREA: Said("面上", "area"),
    Layer.CHECKPOINT: Said("卡点", "checkpoint"),
    Layer.COMMUNITY: Said("社区", "community"),
    Layer.KEY_SITE: Said("要害", "key site"),
}
_CLASSES = {
    LegalClass.PUBLIC: Said("公共场所（第七条）", "public place (Art. 7)"),
    LegalClass.OTHER_PUBLIC: Said("其他公共场所（第九条）", "other public place (Art. 9)"),
    LegalClass.PRIVATE: Said("非公共场所（第三十三条）", "not public (Art. 33)"),
}
_PROHIBITED = {
    ProhibitedPlace.GUEST_ROOM: Said("旅馆、饭店客房", "a guest room"),
    ProhibitedPlace.DORMITORY: Said("集体宿舍房间", "a dormitory room"),
    ProhibitedPlace.BATH: Said("公共浴室", "a bath"),
    ProhibitedPlace.TOILET: Said("卫生间", "a toilet"),
    ProhibitedPlace.CHANGING_ROOM: Said("更衣室、试衣间", "a changing room"),
    ProhibitedPlace.NURSING_ROOM: Said("哺乳室", "a nursing room"),
    ProhibitedPlace.OTHER_PRIVACY: Said(
        "他人住宅内部等私密部位", "the inside of somebody's home, or what else is private"
    ),
}


@dataclass(frozen=True)
class Source:
    """Where a camera's pictures come from. Without an identity it was added by hand."""

    stream_uri: str
    main_stream_uri: str | None = None
    snapshot_uri: str | None = None
    endpoint_reference: str | None = None
    """ONVIF identity: of the camera, or of the recorder where `source` names a channel of it."""
    source: str | None = None
    onvif_address: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Plate:
    """What the device says of itself."""

    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    clock_skew_s: float | None = None


@dataclass(frozen=True)
class Placed:
    """Where a camera hangs and what its place is, as it may be set right later."""

    name: str
    location: str
    layer: Layer
    legal_class: LegalClass
    latitude: float | None = None
    longitude: float | None = None
    view: FieldOfView | None = None


@dataclass(frozen=True)
class Wish:
    """Everything that somebody says of a camera to have it watched."""

    name: str
    village_id: str
    location: str
    """Where it hangs, in words."""
    layer: Layer
    legal_class: LegalClass
    may_see: tuple[ProhibitedPlace, ...]
    """What the picture shows, or could if the camera were turned; empty: none of these."""
    sign_is_up: bool
    source: Source
    plate: Plate = Plate()
    latitude: float | None = None
    longitude: float | None = None
    view: FieldOfView | None = None
    id: str = ""
    """Empty: the next free one of the village."""


@dataclass(frozen=True)
class Adopted:
    """A camera that was taken into service."""

    id: str
    watching: bool
    """False: a notice sign must hang first."""
