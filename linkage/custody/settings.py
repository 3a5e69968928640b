"""`[evidence]` of `site.toml`: what is kept of main streams, for how long, within which space."""

from collections.abc import Iterator

import msgspec

from camerad.evidence.model import RecordingSettings
from linkage.custody.model import PUBLIC_FLOOR_S, ClipPolicy, Keeping
from linkage.strict_toml import Duration, Size

_LEAST_MEMORY = 4_000_000
_DAY_S = 86400.0


class EvidenceSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[evidence]`."""

    clips: bool = True
    """False: no main stream is kept in memory, and pictures are all there is."""
    before: Duration = Duration(30.0)
    after: Duration = Duration(60.0)
    memory: Size = Size(1e9)
    """Of all cameras together, over all workers."""
    memory_per_camera: Size = Size(64e6)
    quota: Size | None = None
    """For all evidence; left out: as much as the disk has beyond `keep_free`."""
    keep_free: Size = Size(1e9)
    keep_public: Duration = Duration(PUBLIC_FLOOR_S)
    keep_other_public: Duration = Duration(PUBLIC_FLOOR_S)
    keep_private: Duration = Duration(PUBLIC_FLOOR_S)
    two_persons: bool = False
    """An export must be approved by somebody else than who asks for it."""

    def recording(self, workers: int) -> RecordingSettings | None:
        """For each of so many workers; None: main streams are not kept."""
        if not self.clips:
            return None
        return RecordingSettings(
            before_s=self.before,
            camera_bytes=int(self.memory_per_camera),
            worker_bytes=int(self.memory) // max(1, workers),
        )

    @property
    def policy(self) -> ClipPolicy | None:
        return ClipPolicy(self.before, self.after) if self.clips else None

    @property
    def keeping(self) -> Keeping:
        return Keeping(
            public_s=self.keep_public,
            other_public_s=self.keep_other_public,
            private_s=self.keep_private,
            quota_bytes=int(self.quota or 0),
            keep_free_bytes=int(self.keep_free),
        )


def mistakes_in(settings: EvidenceSettings) -> Iterator[tuple[str, str, str]]:
    """(key, Chinese, English) of each value that is not allowed."""
    if settings.keep_public < PUBLIC_FLOOR_S:
        yield (
            "keep_public",
            "公共场所的视频至少保存 30 天（《公共安全视频图像信息系统管理条例》第十七条）",
            "video of public places is kept at least 30 days (Decree 799, Art. 17)",
        )
    for key in ("keep_other_public", "keep_private"):
        if getattr(settings, key) < _DAY_S:
            yield key, "至少一天", "at least one day"
    for key, least, most in (("before", 5, 120), ("after", 5, 600)):
        if not least <= getattr(settings, key) <= most:
            yield key, f"应为 {least} 至 {most} 秒", f"{least} to {most} seconds"
    for key in ("memory", "memory_per_camera"):
        if getattr(settings, key) < _LEAST_MEMORY:
            yield key, "至少 4MB", "at least 4MB"
