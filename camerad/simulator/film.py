"""Films that a simulated camera plays: drawn scenes, or a clip made fit for serving.

A film is H.264 in MP4 without B-frames, a keyframe a second, at a constant rate, so that it can be
cut into packets and played in a loop (`camerad.simulator.rtsp`). What is in the pictures is decided
in `scenes`.
"""

import hashlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fractions import Fraction
from pathlib import Path

import av
import av.error
import msgspec
import numpy as np

from camerad.errors import SourceUnreadable
from camerad.simulator.canvas import Picture
from camerad.simulator.scenes import Plot, Scene
from camerad.simulator.script import Walk
from camerad.simulator.stage import Stage

FILM_S = 72.0
FILM_FPS = 12
_MAX_WIDTH = 1280
_MAX_FPS = 30
_ENCODER = {
    # like the sub-stream of a real camera: small, and a little blocky where the night is noisy
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "26",
    "maxrate": "700k",
    "bufsize": "700k",
    "threads": "1",
}
_SAMPLE_S = 0.1

Polygon = tuple[tuple[float, float], ...]


class Stay(msgspec.Struct, frozen=True):
    """Somebody is inside the zone without a break from `from_s` to `to_s`, film time."""

    polygon: Polygon
    from_s: float
    to_s: float


class FilmFacts(msgspec.Struct, frozen=True):
    """What is in a film. `polygon` is where a zone makes sense (fractions of the frame);

    `lingering` lists the long stays in it, `passing_s` is the longest other stay.
    """

    scene: str
    seconds: float
    fps: int
    width: int
    height: int
    polygon: Polygon
    lingering: tuple[Stay, ...]
    passing_s: float


def draw_film(
    path: Path, scene: Scene, *, seconds: float = FILM_S, fps: int = FILM_FPS
) -> FilmFacts:
    """Draw `scene` into an MP4 file at `path`; the same scene gives the same film."""
    stage = Stage(scene)
    frames = (stage.frame(i / fps) for i in range(round(seconds * fps)))
    _encode(path, frames, scene.view.width, scene.view.height, fps)
    return film_facts(scene, seconds=seconds, fps=fps)


def film_facts(scene: Scene, *, seconds: float = FILM_S, fps: int = FILM_FPS) -> FilmFacts:
    """What `draw_film` of the same arguments shows, without drawing it."""
    polygon = _polygon(scene)
    stays = [
        stay for actor in scene.cast for stay in _stays(actor.walk, scene.plot, seconds, polygon)
    ]
    long = tuple(s for s in stays if s.to_s - s.from_s >= 15.0)
    passing = max((s.to_s - s.from_s for s in stays if s not in long), default=0.0)
    return FilmFacts(
        scene=scene.id,
        seconds=seconds,
        fps=fps,
        width=scene.view.width,
        height=scene.view.height,
        polygon=polygon,
        lingering=long,
        passing_s=round(passing, 1),
    )


def ensure_films(
    folder: Path,
    scenes: Sequence[Scene],
    progress: Callable[[int, int], None] | None = None,
    *,
    seconds: float = FILM_S,
    fps: int = FILM_FPS,
) -> dict[str, tuple[Path, FilmFacts]]:
    """The film of each scene, by scene id; drawn on two cores only where `folder` lacks it.

    `progress(done, all)` is called at the start and after each film. Blocking: some seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    films = {
        scene.id: (
            folder / f"{scene.id}-{_digest(scene, seconds, fps)}.mp4",
            film_facts(scene, seconds=seconds, fps=fps),
        )
        for scene in scenes
    }
    missing = [scene for scene in scenes if not films[scene.id][0].exists()]
    done = len(scenes) - len(missing)
    tell = progress or (lambda _done, _all: None)
    tell(done, len(scenes))
    if missing:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            min(2, len(missing)), mp_context=context, initializer=_end_with_the_parent
        ) as pool:
            drawn = [
                pool.submit(_draw_whole, films[scene.id][0], scene, seconds, fps)
                for scene in missing
            ]
            for future in as_completed(drawn):
                future.result()
                done += 1
                tell(done, len(scenes))
    return films


def film_from_clip(source: Path, target: Path) -> None:
    """Make a film of any clip FFmpeg reads: same size (at most 1280 wide) and frame rate, no sound.

    Raises SourceUnreadable when it is not there, is no video, or has no picture that decodes.
    """
    try:
        with av.open(str(source)) as container:
            if not container.streams.video:
                raise SourceUnreadable(f"{source} has no video in it")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            rate = float(stream.average_rate or stream.guessed_rate or 25)
            fps = min(_MAX_FPS, max(1, round(rate)))
            scale = min(1.0, _MAX_WIDTH / stream.codec_context.width)
            width = _even(stream.codec_context.width * scale)
            height = _even(stream.codec_context.height * scale)
            pictures = _steady(container.decode(stream), fps)
            arrays = (
                np.asarray(frame.to_ndarray(format="bgr24", width=width, height=height), np.uint8)
                for frame in pictures
            )
            written = _encode(target, arrays, width, height, fps)
    except av.error.FFmpegError as error:
        raise SourceUnreadable(f"{source} cannot be read as a video: {error.strerror}") from error
    if not written:
        target.unlink(missing_ok=True)
        raise SourceUnreadable(f"{source} has no picture that can be decoded")


def _steady(frames: Iterable[av.VideoFrame], fps: int) -> Iterable[av.VideoFrame]:
    """Repeat or drop frames so that they come at exactly `fps`."""
    start: float | None = None
    sent = 0
    last: av.VideoFrame | None = None
    for frame in frames:
        t_s = frame.time if frame.time is not None else sent / fps
        start = t_s if start is None else start
        while last is not None and sent / fps < t_s - start - 0.5 / fps:
            yield last
            sent += 1
        last = frame
    if last is not None:
        yield last


def _encode(path: Path, pictures: Iterable[Picture], width: int, height: int, fps: int) -> int:
    written = 0
    # written beside its place and moved there whole: a killed run leaves no half film behind
    part = path.with_suffix(".part")
    with av.open(str(part), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options=dict(_ENCODER))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.gop_size, stream.max_b_frames = fps, 0
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
            written += 1
        container.mux(stream.encode())
    part.replace(path)
    return written


def _end_with_the_parent() -> None:
    """Who draws must not go on when whoever asked was killed: nobody else would end them."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "the pool is another process"

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _draw_whole(path: Path, scene: Scene, seconds: float, fps: int) -> None:
    draw_film(path, scene, seconds=seconds, fps=fps)


def _digest(scene: Scene, seconds: float, fps: int) -> str:
    """Changes when the scene does, or any code that draws it."""
    digest = hashlib.sha256(f"{scene!r} {seconds} {fps}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        if source.stem in {
            "canvas",
            "figures",
            "film",
            "furniture",
            "ground",
            "light",
            "props",
            "script",
            "stage",
        }:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _polygon(scene: Scene) -> Polygon:
    plot, view = scene.plot, scene.view
    corners = (
        (plot.x0, plot.z1),
        (plot.x1, plot.z1),
        (plot.x1, plot.z0),
        (plot.x0, plot.z0),
    )
    return tuple(view.fraction((x, 0.0, z)) for x, z in corners)


def _stays(walk: Walk, plot: Plot, seconds: float, polygon: Polygon) -> list[Stay]:
    found: list[Stay] = []
    entered: float | None = None
    for i in range(round(seconds / _SAMPLE_S) + 1):
        t_s = i * _SAMPLE_S
        pose = walk.pose(t_s)
        inside = (
            pose is not None
            and plot.x0 <= pose.x <= plot.x1
            and plot.z0 <= pose.z <= plot.z1
            and i < round(seconds / _SAMPLE_S)
        )
        if inside and entered is None:
            entered = t_s
        elif not inside and entered is not None:
            found.append(Stay(polygon, round(entered, 1), round(t_s, 1)))
            entered = None
    return found


def _even(size: float) -> int:
    return max(2, int(size) // 2 * 2)
