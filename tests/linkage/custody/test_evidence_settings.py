"""`[evidence]`: what the law wants cannot be set away."""

from pathlib import Path

import pytest

from linkage.custody.admission import refused
from linkage.custody.model import Keeping, Why
from linkage.errors import BadSettings
from linkage.settings import load_settings

SITE = '[site]\nname_zh = "镇"\nname_en = "Town"\n[evidence]\n'
SHIPPED = Path(__file__).resolve().parents[3] / "config"


def settings_with(folder: Path, text: str):
    for name in ("rules.toml", "escalation.toml", "notify.toml", "detection.toml"):
        (folder / name).write_text((SHIPPED / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "site.toml").write_text(SITE + text, encoding="utf-8")
    return load_settings(folder).file.evidence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('keep_public = "29d"', "30 天"),
        ('keep_private = "1h"', "at least one day"),
        ('before = "3m"', "5 to 120 seconds"),
        ('after = "1s"', "5 to 600 seconds"),
        ('memory = "1MB"', "at least 4MB"),
        ('memory = "1GiB"', "a size with its unit"),
        ("quota = 5", "a size with its unit"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str):
    with pytest.raises(BadSettings, match=said) as refusal:
        settings_with(tmp_path, text)
    assert f"evidence.{text.partition(' ')[0]}" in str(refusal.value) or "quota" in text


def test_workers_share_the_memory(tmp_path: Path):
    read = settings_with(tmp_path, 'memory = "2GB"\nmemory_per_camera = "32MB"\n')
    recording = read.recording(4)
    assert recording is not None
    assert (recording.worker_bytes, recording.camera_bytes) == (500_000_000, 32_000_000)
    assert settings_with(tmp_path, "clips = false").recording(4) is None
    assert settings_with(tmp_path, "clips = false").policy is None


def test_each_class_has_its_time():
    keeping = Keeping(public_s=3.0, other_public_s=2.0, private_s=1.0)
    classes = ("public", "other_public", "private", "key", None)
    assert [keeping.keep_s(c) for c in classes] == [3.0, 2.0, 1.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("used", "free", "routine", "why"),
    [
        (0, 100, False, None),
        (85, 100, True, Why.QUOTA),
        (85, 100, False, None),
        (95, 100, False, Why.QUOTA),
        (0, 14, False, Why.DISK_FULL),
        (0, 15, False, None),
    ],
)
def test_routine_evidence_is_refused_first(used: int, free: int, routine: bool, why: Why | None):
    keeping = Keeping(quota_bytes=100, keep_free_bytes=5)
    refusal = refused(
        keeping, used_bytes=used, free_bytes=free, wanted_bytes=10, is_routine=routine
    )
    assert (None if refusal is None else refusal[0]) == why


def test_without_a_quota_the_disk_alone_counts():
    assert not refused(
        Keeping(), used_bytes=10**15, free_bytes=10, wanted_bytes=10, is_routine=True
    )


def test_every_reason_is_said_in_both_languages():
    assert all(len(why.label) == 2 and all(why.label) for why in Why)
