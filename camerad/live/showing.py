"""What is made of a stream's chunks for one viewer: a film, or pictures."""

from collections.abc import Sequence
from typing import Protocol

from camerad.evidence.model import Chunk, StreamFormat
from camerad.evidence.stitching import Stitching
from camerad.live.film import LiveFilm
from camerad.live.line import Line
from camerad.live.model import PartKind, Via
from camerad.live.pacing import FilmTime, worth_encoding
from camerad.live.pictures import LivePictures
from lianfang_timing import Clock

_PICTURE_PACE_S = 0.2
_PICTURES_UNDER_WAY = 2


class Showing(Protocol):
    """One way of showing streams of one format."""

    @property
    def wants(self) -> bool:
        """Whether chunks can be shown now; those not wanted wait in the ring."""
        ...

    def fits(self, form: StreamFormat) -> bool:
        """Whether it can go on with chunks of this format."""
        ...

    def show(self, chunks: Sequence[Chunk], *, left_out: bool) -> None:
        """All of one format that fits; `left_out`: some before them were."""
        ...

    def close(self) -> None: ...


class ShowingFilm:
    """Fragments, as fast as the viewer takes them."""

    def __init__(self, line: Line, film: LiveFilm, form: StreamFormat, *, masked: bool) -> None:
        self._line = line
        self._film = film
        self._form = form
        self._stitching = Stitching()
        self._time = FilmTime()
        size = (film.width, film.height)
        line.begin(Via.FILM, codec=film.codec or "", size=size, masked=masked)
        line.part(PartKind.INIT, film.init, at_ms=0)

    @property
    def wants(self) -> bool:
        return self._line.is_open

    def fits(self, form: StreamFormat) -> bool:
        return form.fits(self._form)

    def show(self, chunks: Sequence[Chunk], *, left_out: bool) -> None:
        pieces: list[bytes] = []
        place_s = 0.0
        worth = worth_encoding(len(chunks))
        for n, chunk in enumerate(chunks):
            gone = left_out and n == 0
            place_s = self._time.place(self._stitching.time_of(chunk), left_out=gone)
            pieces.append(self._film.add(chunk, place_s, worth=worth[n]))
        data = b"".join(pieces)
        if data:
            self._line.part(
                PartKind.FRAGMENT,
                data,
                at_ms=chunks[-1].at_ms,
                media_ms=round(place_s * 1000),
                left_out=left_out,
            )

    def close(self) -> None:
        self._film.close()


class ShowingPictures:
    """The newest picture a few times a second; everything is looked at, little is sent."""

    def __init__(self, line: Line, pictures: LivePictures, clock: Clock, *, masked: bool) -> None:
        self._line = line
        self._pictures = pictures
        self._clock = clock
        self._sent_s = float("-inf")
        size = (pictures.form.width, pictures.form.height)
        line.begin(Via.PICTURES, size=size, masked=masked)

    @property
    def wants(self) -> bool:
        return True

    def fits(self, form: StreamFormat) -> bool:
        return form.fits(self._pictures.form)

    def show(self, chunks: Sequence[Chunk], *, left_out: bool) -> None:
        for chunk in chunks:
            self._pictures.add(chunk)
        now_s = self._clock.monotonic()
        if now_s - self._sent_s < _PICTURE_PACE_S or self._line.under_way >= _PICTURES_UNDER_WAY:
            return
        jpeg = self._pictures.take()
        if jpeg is not None:
            self._sent_s = now_s
            at_ms = self._pictures.at_ms
            self._line.part(PartKind.PICTURE, jpeg, at_ms=at_ms, left_out=left_out)

    def close(self) -> None:
        return
