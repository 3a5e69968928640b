"""Live view of four cameras in a real browser: how old is the picture that is seen, what it costs.

    python -m benchmarks.live_view [--seconds 60] [--masked 1]

Simulated cameras play a drawn film of 1280×720 at 25 frames a second; every frame carries its
number as black and white squares. A reader of ours notes when each number leaves the camera, the
page when it stands on the screen (`requestVideoFrameCallback`): the difference is the delay, by one
machine's clock. `--masked` of the four have a privacy zone, and so are decoded and encoded again.
Processor time is of whole processes, first watched by nobody and then by the page: in cores.
"""

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import psutil
from playwright.async_api import Page, async_playwright, expect

from camerad.simulator.site import SimulatedCameraSite
from camerad.stream_address import with_login
from tests.browser.duty_page import HD, open_page
from tests.external import program
from tests.scenarios.cameras import LOGIN, PASSWORD, Registered, register, until_watching
from tests.scenarios.house import House, house

CAMERAS, RATE, FILM_S = 4, 25, 16
WIDTH, HEIGHT = 1280, 720
FRAMES = RATE * FILM_S
BITS, SQUARE, LEFT, TOP = 9, 64, 40, 40
SETTLE_S = 5.0
_LATE_READER_MS = 1000.0
"""So much later than the page our reader may see a frame, on a busy machine."""
BELOW = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
_SEE = """([bits, square, left, top]) => {
  window.seen = []
  const videos = [...document.querySelectorAll('[data-testid=live-video]')]
  for (const [tile, video] of videos.entries()) {
    const small = new OffscreenCanvas(bits, 1)
    const drawn = small.getContext('2d', { willReadFrequently: true })
    drawn.imageSmoothingEnabled = false
    const each = (now) => {
      drawn.drawImage(video, left, top, bits * square, square, 0, 0, bits, 1)
      const pixels = drawn.getImageData(0, 0, bits, 1).data
      let number = 0
      for (let bit = 0; bit < bits; bit += 1) number = number * 2 + (pixels[bit * 4] > 127 ? 1 : 0)
      window.seen.push([tile, number, performance.timeOrigin + now])
      video.requestVideoFrameCallback(each)
    }
    video.requestVideoFrameCallback(each)
  }
}"""


def draw(path: Path) -> None:
    """A street with something that moves, and the number of each frame."""
    noise = np.random.default_rng(7).integers(60, 130, (HEIGHT, WIDTH, 1), np.uint8)
    street = np.repeat(noise, 3, axis=2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"g": str(2 * RATE), "bf": "0", "preset": "ultrafast", "crf": "30"}
        for n in range(FRAMES):
            image = street.copy()
            x = (n * 6) % (WIDTH - 200)
            image[300:600, x : x + 150] = (40, 40, 200)
            for bit in range(BITS):
                white = n >> (BITS - 1 - bit) & 1
                x = LEFT + bit * SQUARE
                image[TOP : TOP + SQUARE, x : x + SQUARE] = 255 * white
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def number_of(image: np.ndarray) -> int:
    """The number drawn in a frame (height × width, luma)."""
    y, number = TOP + SQUARE // 2, 0
    for bit in range(BITS):
        number = number * 2 + int(image[y, LEFT + bit * SQUARE + SQUARE // 2] > 127)
    return number


@dataclass
class Reader:
    """Notes when each frame leaves the camera: by its number, in milliseconds of the clock."""

    uri: str
    left_ms: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    stopping: bool = False

    def start(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        address = with_login(self.uri, LOGIN, PASSWORD)
        with av.open(address, options={"rtsp_transport": "tcp", "fpsprobesize": "0"}) as container:
            decoder, number = container.streams.video[0].codec_context, None
            for packet in container.demux(video=0):
                at_ms = time.time() * 1000
                if self.stopping:
                    return
                if packet.size == 0:
                    continue
                if number is None:
                    # one is decoded for its number, the others are counted
                    shown = decoder.decode(packet) if packet.is_keyframe else []
                    if not shown:
                        continue
                    number = number_of(shown[0].to_ndarray(format="gray"))
                else:
                    number = (number + 1) % FRAMES
                self.left_ms[number].append(at_ms)

    def age_ms(self, number: int, at_ms: float) -> float | None:
        """How long before `at_ms` this frame left the camera; None: not known."""
        rounds = [left for left in self.left_ms.get(number, ()) if left <= at_ms + _LATE_READER_MS]
        return max(0.0, at_ms - rounds[-1]) if rounds else None


@dataclass(frozen=True)
class Spent:
    """Processor seconds so far, by who spent them."""

    service: float
    workers: float
    cameras: float
    browser: float

    def each(self, before: "Spent", seconds: float) -> dict[str, float]:
        return {k: (v - getattr(before, k)) / seconds for k, v in vars(self).items()}


def spent_by(processes: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def spent(service: int, simulator: psutil.Process, browser: set[int]) -> Spent:
    main = psutil.Process(service)
    mine = [p for p in psutil.Process().children(recursive=True) if p.pid in browser]
    return Spent(
        service=spent_by([main]),
        workers=spent_by(main.children(recursive=True)),
        cameras=spent_by([simulator]),
        browser=spent_by(mine),
    )


def chromium_processes() -> set[int]:
    """The browser's, among those we started."""
    children = psutil.Process().children(recursive=True)
    return {p.pid for p in children if "chrom" in p.name() or "headless" in p.name()}


async def measure(seconds: float, masked: int) -> None:
    binary = program("chromium-headless-shell", package="chromium-headless-shell")
    cameras = [
        Registered(f"cam-{n}", privacy=BELOW if n < masked else None) for n in range(CAMERAS)
    ]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        film = folder / "film.mp4"
        await asyncio.to_thread(draw, film)
        site = await stack.enter_async_context(house(folder, broker="embedded", discover=True))
        register(site, *cameras)
        before = {p.pid for p in psutil.Process().children()}
        playing = SimulatedCameraSite([camera.playing(film) for camera in cameras])
        addresses = await stack.enter_async_context(playing)
        (simulator,) = [p for p in psutil.Process().children() if p.pid not in before]
        await site.start()
        async with site.client() as witness:
            await witness.sign_in()
            for camera in cameras:
                await until_watching(witness, camera.id)
        readers = [Reader(where["rtsp"].replace("/sub", "/main")) for where in addresses]
        for reader in readers:
            reader.start()
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=binary, args=["--no-sandbox", "--disable-gpu"]
        )
        stack.push_async_callback(browser.close)
        duty = await open_page(browser, site, HD)
        await duty.sign_in()
        await duty.page.goto(f"{site.url}/cameras")
        await expect(duty.find("camera-card")).to_have_count(CAMERAS)

        theirs = chromium_processes()
        await asyncio.sleep(SETTLE_S)
        idle = await _over(min(seconds, 15.0), site, simulator, theirs)
        await open_all(duty.page)
        await asyncio.sleep(SETTLE_S)
        await duty.page.evaluate(_SEE, [BITS, SQUARE, LEFT, TOP])
        looked = await _over(seconds, site, simulator, theirs | chromium_processes())
        seen = await duty.page.evaluate("window.seen")
        tiles = await duty.page.evaluate(
            "[...document.querySelectorAll('[data-testid=live-tile]')]"
            ".map((tile) => [tile.dataset.phase, tile.dataset.via])"
        )
        for reader in readers:
            reader.stopping = True
        report(seen, readers, cameras, tiles, seconds)
        print(f"\n{'processor, in cores':24}{'nobody looks':>14}{'four looked at':>16}")
        for who in idle:
            print(f"{who:24}{idle[who]:>14.2f}{looked[who]:>16.2f}")
        await site.stop()


async def _over(
    seconds: float, site: House, simulator: psutil.Process, browser: set[int]
) -> dict[str, float]:
    assert site.process is not None
    service = site.process.pid
    before, begun_s = spent(service, simulator, browser), time.monotonic()
    await asyncio.sleep(seconds)
    return spent(service, simulator, browser).each(before, time.monotonic() - begun_s)


async def open_all(page: Page) -> None:
    """Four tiles, in the order of the cards."""
    for n in range(CAMERAS):
        await page.get_by_test_id("live-open").nth(n).click()
    await page.get_by_test_id("live-purpose").fill("benchmark")
    await page.get_by_test_id("live-look").click()
    playing = page.locator("[data-testid=live-tile][data-phase=playing]")
    await expect(playing).to_have_count(CAMERAS, timeout=60_000)


def report(
    seen: Sequence[tuple[int, int, float]],
    readers: Sequence[Reader],
    cameras: Sequence[Registered],
    tiles: Sequence[tuple[str, str]],
    seconds: float,
) -> None:
    head = f"{'camera':20}{'via':>6}{'frames/s':>10}{'p50':>10}{'p95':>10}{'longest':>10}"
    print(f"{len(tiles)} tiles, {WIDTH}×{HEIGHT} at {RATE}/s, {seconds:g} s\n{head}")
    for n, (camera, reader) in enumerate(zip(cameras, readers, strict=True)):
        ages = (reader.age_ms(number, at_ms) for tile, number, at_ms in seen if tile == n)
        waits = [age for age in ages if age is not None]
        label = f"{camera.id}{', masked' if camera.privacy else ''}"
        if len(waits) < 2:
            print(f"{label:20}{tiles[n][1]:>6}  no picture was seen ({tiles[n][0]})")
            continue
        p95 = statistics.quantiles(waits, n=20)[-1]
        numbers = f"{len(waits) / seconds:>10.1f}{statistics.median(waits):>7.0f} ms"
        print(f"{label:20}{tiles[n][1]:>6}{numbers}{p95:>7.0f} ms{max(waits):>7.0f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--masked", type=int, default=1)
    asked = parser.parse_args()
    asyncio.run(measure(asked.seconds, asked.masked))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
