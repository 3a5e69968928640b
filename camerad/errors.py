"""The exceptions of `camerad`.

CameradError
├── BadZones          the zones file or a zone is wrong: a person must mend it
├── BadZone           one zone is wrong, wherever it was said: a person must mend it
├── SourceUnreadable  a file or stream that is not there or cannot be decoded
├── CameraUnreachable no answer, or not in time: try again later
├── CameraRefused     the camera answered and said no (password, ONVIF user): a person must act
├── CameraTalksNonsense  an answer that is not the protocol: try again later
├── NoPullPoint       all its subscriptions are taken, or it offers none: try again much later
├── PullPointGone     it knows our subscription no more: make another
├── RelayRefused      its relay cannot be switched as a siren may be: a person must act
├── RenderFailed      the film of an analysis cannot be written: a person must mend it
├── BadTargets       the listed addresses to ask cannot be used: a person must mend them
├── BadVerifier       the second look's network cannot be used as set: a person must mend it
├── NoSnapshot        a picture was asked for and could not be had
├── NoClip            a clip was asked for and cannot be begun
└── NoLive            a live view was asked for and cannot be begun
"""


class CameradError(Exception):
    """Anything this package raises on purpose. The text is one clear sentence for a person."""


class BadZones(CameradError):
    """A zone is not usable; the text names file, zone, key and how to mend it."""


class BadZone(CameradError):
    """A zone is not usable: which key of it, and how to mend it."""

    def __init__(self, key: str, zh: str, en: str, number: int = 0) -> None:
        """`number`: of the zone among its camera's, counted from 0."""
        super().__init__(f"{zh} / {en}.")
        self.key = key
        self.zh = zh
        self.en = en
        self.number = number

    def of(self, number: int) -> "BadZone":
        """The same of the zone with this number."""
        return BadZone(self.key, self.zh, self.en, number)


class SourceUnreadable(CameradError):
    """A video file or stream cannot be opened or decoded."""


class CameraUnreachable(CameradError):
    """The camera did not answer, or not in time."""


class CameraRefused(CameradError):
    """The camera refused us; the text carries a hint of where several makes keep their users."""

    def __init__(self, text: str, *, bare: str | None = None) -> None:
        """`bare`: the text without that hint, for who knows the make and has a better one."""
        super().__init__(text)
        self.bare = bare or text


class CameraTalksNonsense(CameradError):
    """The camera's answer does not follow its protocol."""


class NoPullPoint(CameradError):
    """The camera gives us no subscription to its events; the text says why."""

    def __init__(self, text: str, *, offers_none: bool = False) -> None:
        """`offers_none`: it never has any, so that asking again is of little use."""
        super().__init__(text)
        self.offers_none = offers_none


class PullPointGone(CameradError):
    """The camera does not know our subscription any more: it restarted, or it ran out."""


class RelayRefused(CameradError):
    """The relay is not there, or would not go back by itself; the text says which."""


class NoSnapshot(CameradError):
    """No picture of this camera can be had now; the text says why."""


class BadTargets(CameradError):
    """An entry of the addresses to ask is wrong, public or too large; the text names it."""


class NoClip(CameradError):
    """No clip of this camera can be begun now; the text says why."""


class NoLive(CameradError):
    """This camera cannot be looked at now; the text says why. Trying again is sensible."""


class BadVerifier(CameradError):
    """The person detector of the second look is missing, or answers otherwise than set."""


class RenderFailed(CameradError):
    """The film of an analysis cannot be written; the text says where and why."""
