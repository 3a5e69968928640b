"""The numbers of detection, in one place. One default serves every scene; a site sets only zones.

Lengths called `heights` are in body heights of the thing itself, so they hold near and far.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DetectionSettings:
    """Everything that can be turned. Times are stream seconds, pixels are at `width_px`."""

    analysed_per_s: float = 5.0
    """Frames analysed per stream second; the caller skips those in between."""
    width_px: int = 384
    """Pictures are shrunk to this width before anything else; narrower ones stay as they are."""

    # background
    learn_s: float = 12.0
    """Time constant with which the empty scene follows slow change."""
    noise_s: float = 20.0
    """Time constant of the per-pixel noise estimate."""
    min_contrast: int = 10
    """Smallest difference from the empty scene, in grey levels, that can be a body."""
    noise_factor: float = 3.5
    """A pixel's own noise times this is added to its threshold."""
    shadow_ratio: float = 0.6
    """A pixel darkened to no less than this share of the empty scene may be shadow."""

    # blobs
    min_height: float = 0.04
    """Bodies lower than this share of the frame are too small to judge."""
    min_area: float = 0.0004
    """Blobs smaller than this share of the frame are noise."""

    # tracks
    confirm_hits: int = 3
    """Sightings before a track counts."""
    lost_s: float = 2.5
    """A track not seen for this long is gone."""
    hold_s: float = 8.0
    """How long a track is followed by its look alone inside a crowd."""
    travel_heights: float = 0.5
    """How far something must have come by itself before it can loiter."""
    tall: float = 1.1
    """Height over width of a standing or walking body."""
    tall_cut: float = 0.8
    """The same for a body cut by the frame's lower edge, whose legs are out of the picture."""
    lively_s: float = 2.0
    """Dwell counts up to this long after the last motion of the body itself: who stands sways."""
    pause_s: float = 7.0
    """A time without any motion up to this long counts after all when the body moves again; after
    a longer one the stay begins anew: a thing was there, and now somebody is."""
    still_person_s: float = 20.0
    """How long something upright that walked in may be without any motion before it belongs to
    the scene."""
    still_thing_s: float = 8.0
    """The same for anything that is not upright: a parked car."""

    still_part_s: float = 6.0
    """How long a part of something wide may be still before that part belongs to the scene."""

    # stays
    unproven_s: float = 4.0
    """At most so much dwell counts from before something had travelled."""
    leave_s: float = 3.0
    """Absence that ends a stay; shorter ones pause it."""
    inherit_s: float = 7.5
    """How long the stay of a broken track waits for the track that replaces it: somebody may be
    behind a post."""

    # motion zones
    motion_area: float = 0.0003
    """Share of the frame that must be moving inside a motion zone."""
    motion_hits: int = 2
    """Analysed frames in a row with motion before it begins."""
    motion_quiet_s: float = 2.0
    """Quiet time that ends motion."""
