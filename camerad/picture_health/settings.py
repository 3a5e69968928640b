"""The numbers of picture health, in one place. One default serves every camera."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HealthSettings:
    """Times are stream seconds; shares are of the landmarks (see `memory`)."""

    every_s: float = 1.0
    """How often a picture is looked at while all is well."""
    doubt_every_s: float = 0.5
    """The same while something seems wrong."""
    raise_after_s: float = 7.5
    """How long it must be wrong without a break: a lorry may fill the picture for 6 s."""
    well_after_s: float = 3.0
    """How long all must be well again."""
    blind_after_s: float = 60.0
    """How long a picture may show nothing at all from the start of watching."""
    frozen_after_s: float = 60.0
    """How long a picture may be the same to the last grey level."""
    young_s: float = 4.0
    """What was learned for less than this is no measure yet."""
    settled_s: float = 10.0
    """Nor is it for whether the camera was turned: a lorry may stand there at the start."""
    accept_after_s: float = 12 * 3600.0
    """A new view that stands for so long is the right one: it was turned on purpose."""

    least_landmarks: int = 10
    kept: float = 0.5
    """Share that must be found for the scene to be the same."""
    shift_certainty: float = 0.15
    """Peak of the phase correlation from which it is believed instead."""
    faint: float = 0.1
    """Strength of the pattern, of what it was, below which a correlation may be of noise."""
    shake: float = 0.05
    """Of the picture's side; what moved by more was turned."""
    plain: float = 0.5
    """Share without any pattern of their own from which the lens is covered."""
    sharpness: float = 0.3
    """Less than this, of what it was, is out of focus."""
    sharp_again: float = 0.45
    sprayed: float = 0.12
    """Share found although most is gone, from which it is spots on the lens, not another view."""
    black: float = 20.0
    """Grey level below which 95 % of a black picture lie; video black is 16."""
    dim: float = 48.0
    """The same where no landmark is found either."""
    white: float = 215.0
    """Grey level above which 95 % of a washed-out picture lie, or half where nothing is found."""
    glare: float = 240.0
    """Grey level above which half of a washed-out picture lies, whatever the rest shows."""
    sudden_within_s: float = 4.0
    sudden: float = 2.5
    """By what factor the pattern must have faded since then; dusk takes longer."""
    gap_s: float = 600.0
    """After a longer gap a dark or plain picture may be the dusk's or the fog's."""
    recently_s: float = 20.0
    """How lately the picture must have been well."""
