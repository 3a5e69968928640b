"""The words of custody: entries of a manifest, gaps, holds, and for how long what is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PUBLIC_FLOOR_S = 30 * 86400.0
"""《公共安全视频图像信息系统管理条例》 Art. 17: at least thirty days."""


class EntryKind(StrEnum):
    """What an entry of a manifest says."""

    KEPT = "kept"
    MISSING = "missing"
    DELETED = "deleted"
    HELD = "held"
    RELEASED = "released"
    EXPORTED = "exported"


class People(StrEnum):
    """What becomes of people in what is handed over."""

    HIDDEN = "hidden"
    """Covered wherever anything changed; single pictures as a whole."""
    WHOLE = "whole"
    """Every picture covered as a whole."""
    CLEAR = "clear"
    """Not covered, for a reason that is stated: the originals."""


class Why(StrEnum):
    """Why there is no picture or clip."""

    CAMERA_DOWN = "camera-down"
    HOUSEHOLD = "household"
    WITHDRAWN = "withdrawn"
    QUOTA = "quota"
    DISK_FULL = "disk-full"
    TOO_LATE = "too-late"
    NO_ENCODER = "no-encoder"
    DELETED = "deleted"

    @property
    def label(self) -> tuple[str, str]:
        """In Chinese and in English."""
        return _WHY_LABELS[self]


_WHY_LABELS = {
    Why.CAMERA_DOWN: ("摄像机当时没有画面", "the camera gave no pictures then"),
    Why.HOUSEHOLD: ("住户摄像机，本中心不留存", "a household's camera: nothing is kept here"),
    Why.WITHDRAWN: ("摄像机已停用或撤回同意", "the camera was switched off or consent withdrawn"),
    Why.QUOTA: ("存证空间配额已满，未留存", "the quota for evidence is used up"),
    Why.DISK_FULL: ("磁盘已满或无法写入", "the disk is full or cannot be written"),
    Why.TOO_LATE: ("未能及时留存", "it could not be kept in time"),
    Why.NO_ENCODER: ("没有编码器，改存图片", "no encoder for a masked clip: pictures instead"),
    Why.DELETED: ("保存期满，已删除", "deleted: its time was over"),
}


@dataclass(frozen=True)
class NewEntry:
    """What is to be written into the manifest of an incident."""

    incident_id: str
    kind: EntryKind
    evidence_id: str | None
    """The file's or the gap's id; of a hold or an export its own."""
    detail: Mapping[str, object] = field(default_factory=dict)
    """JSON values."""


@dataclass(frozen=True)
class ClipPolicy:
    """How clips are cut around an alarm."""

    before_s: float = 30.0
    after_s: float = 60.0


@dataclass(frozen=True)
class Keeping:
    """For how long and how much."""

    public_s: float = PUBLIC_FLOOR_S
    other_public_s: float = PUBLIC_FLOOR_S
    private_s: float = PUBLIC_FLOOR_S
    quota_bytes: int = 0
    """0: no quota but the disk."""
    keep_free_bytes: int = 0
    """So much of the disk is for others, the database before all."""

    def keep_s(self, legal_class: str | None) -> float:
        """Of a camera of this class; one that is not registered any more counts as public."""
        match legal_class:
            case "private":
                return self.private_s
            case "other_public":
                return self.other_public_s
            case _:
                return self.public_s
