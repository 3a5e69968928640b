"""The adversaries by name: which layers make each one, placed at a bed's spot.

All of them begin after some quiet seconds and go on for a minute or longer. Times are the film's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from camerad.simulator.adversaries.curtain import Curtain
from camerad.simulator.adversaries.layers import Bed, Depth, Layer, Luma, play
from camerad.simulator.adversaries.light import Clouds, Doorway, Headlights, Lamp, Night
from camerad.simulator.adversaries.people import Stay, Step, lingerer, passer
from camerad.simulator.adversaries.sensor import Compression, FocusHunt, Infrared, Noise, Shake
from camerad.simulator.adversaries.things import Box, Car, Dog, Lorry
from camerad.simulator.adversaries.weather import BlownLeaves, Branch, DropOnLens, Rain, Snow

ENTERS_S = 16.0
"""When the lingerer of a twin comes into the picture."""
STAYS_S = 19.0


@dataclass(frozen=True)
class Adversary:
    """Something that must raise nothing. `layers(bed, seed)` makes it for a bed."""

    name: str
    layers: Callable[[Bed, int], Sequence[Layer]]

    def __str__(self) -> str:
        return self.name

    def film(
        self, bed: Bed, seconds: float, *, stay: Stay | None = None, seed: int = 1, fps: float = 5.0
    ) -> Iterator[tuple[Luma, float]]:
        """(picture, seconds) of the adversary over `bed`, with the lingerer of `stay` if any."""
        layers = [*self.layers(bed, seed), Noise(seed=seed)]
        if stay is not None:
            layers.append(stay.person)
        return play(bed, layers, seconds, fps)


def twin(bed: Bed, seed: int = 1) -> Stay:
    """The lingerer who must be found whatever the adversary."""
    right = seed % 2 == 1
    return lingerer(bed.spot, bed.aspect, ENTERS_S, STAYS_S, seed=seed, right=right)


def _rain(bed: Bed, seed: int) -> Sequence[Layer]:
    return (Rain(seed), DropOnLens(bed.spot, 8.0, 20.0), DropOnLens(bed.spot, 33.0, 14.0))


def _snow(_: Bed, seed: int) -> Sequence[Layer]:
    return (Snow(seed),)


def _leaves(bed: Bed, seed: int) -> Sequence[Layer]:
    return (Branch(bed.spot, seed), BlownLeaves(bed.spot, seed))


def _headlights(bed: Bed, seed: int) -> Sequence[Layer]:
    return (Night(), Headlights(bed.spot, first_s=5.0 + seed % 3), Noise(2.5, 2.5, seed=seed + 50))


def _waiting_headlights(bed: Bed, seed: int) -> Sequence[Layer]:
    beams = Headlights(bed.spot, first_s=5.0 + seed % 3, waits_s=16.0)
    return (Night(), beams, Noise(2.5, 2.5, seed=seed + 50))


def _lamp(bed: Bed, seed: int) -> Sequence[Layer]:
    shift = float(seed % 3)
    switches = (8.0 + shift, 21.0 + shift, 26.0 + shift, 45.0 + shift)
    return (Night(), Lamp(bed.spot, switches), Doorway(bed.spot, 29.0, 50.0))


def _infrared(_: Bed, seed: int) -> Sequence[Layer]:
    shift = float(seed % 3)
    return (
        Infrared((7.0 + shift, 23.0 + shift, 40.0 + shift), seed),
        Noise(3.0, 3.0, seed=seed + 50),
    )


def _shake(_: Bed, seed: int) -> Sequence[Layer]:
    return (Shake(seed),)


def _cloud(_: Bed, seed: int) -> Sequence[Layer]:
    return (Clouds(seed),)


def _noise(_: Bed, seed: int) -> Sequence[Layer]:
    return (Night(0.6), Noise(4.0, 11.0, 30.0, seed=seed + 50), Compression())


def _lorry(bed: Bed, seed: int) -> Sequence[Layer]:
    right = seed % 2 == 0
    return (
        Lorry(7.0, 3.0, right=right),
        Lorry(21.0, 2.0, right=not right, paint=70.0),
        Lorry(45.0, 6.0, right=right, paint=190.0),
    )


def _car(bed: Bed, seed: int) -> Sequence[Layer]:
    spot = bed.spot
    behind = spot.y - 0.12 * spot.high
    half = 1.3 * spot.high / bed.aspect
    start = -half if seed % 2 else 1.0 + half
    near = spot.x + (start - spot.x) * 0.12
    way: tuple[Step, ...] = (
        (6.0, start, behind),
        (9.0, near, behind),
        (10.5, spot.x, behind),
        (600.0, spot.x, behind),
    )
    driver = _driver(bed, 13.0, right=seed % 2 == 0)
    return (Car(way, spot.high), driver)


def _driver(bed: Bed, leaves_s: float, *, right: bool) -> Layer:
    """Gets out beside the car and goes."""
    walker = passer(bed.spot, bed.aspect, 0.0, right=right, seed=5)
    (begin_s, begin_x, y), (end_s, end_x, _) = walker.way
    share = (bed.spot.x - begin_x) / (end_x - begin_x)
    rest_s = (1.0 - share) * (end_s - begin_s)
    way = ((leaves_s, bed.spot.x, y), (leaves_s + rest_s, end_x, y))
    return type(walker)(way, walker.high, coat=walker.coat, trousers=walker.trousers, seed=5)


def _dog(bed: Bed, seed: int) -> Sequence[Layer]:
    spot, edge = bed.spot, -0.15 if seed % 2 else 1.15
    step = 0.35 * spot.high / bed.aspect
    turns = ((0.0, 0.0), (1.2, 0.8), (0.9, 1.0), (-1.4, 0.5), (-1.2, 0.6), (0.4, -0.2), (0.5, 0.0))
    way: list[Step] = [(5.0, edge, spot.y)]
    t_s = 8.0
    for round_ in range(3):
        for across, down in turns:
            way.append((t_s, spot.x + across * step, spot.y + 0.03 * down))
            t_s += 2.2 + 0.3 * round_
    way += [(t_s + 2.5, 1.0 - edge, spot.y), (t_s + 2.6, 1.0 - edge, spot.y)]
    return (Dog(tuple(way), spot.high),)


def _box(bed: Bed, seed: int) -> Sequence[Layer]:
    spot = bed.spot
    edge = -0.15 if seed % 2 else 1.15
    way = ((6.0, edge, spot.y), (10.0, spot.x, spot.y), (600.0, spot.x, spot.y))
    return (Box(way, spot.high),)


def _parcel(bed: Bed, seed: int) -> Sequence[Layer]:
    """Somebody carries it in, puts it down within two seconds and walks on."""
    walker = passer(bed.spot, bed.aspect, 6.0, right=seed % 2 == 0, seed=7)
    (begin_s, begin_x, y), (end_s, end_x, _) = walker.way
    share = (bed.spot.x - begin_x) / (end_x - begin_x)
    there_s = begin_s + share * (end_s - begin_s)
    way = (
        walker.way[0],
        (there_s, bed.spot.x, y),
        (there_s + 1.8, bed.spot.x, y),
        (end_s + 1.8, end_x, y),
    )
    carrier = type(walker)(way, walker.high, coat=walker.coat, trousers=walker.trousers, seed=7)
    ahead = 0.16 * bed.spot.high / bed.aspect * (1.0 if end_x > begin_x else -1.0)
    carried = (
        (begin_s, begin_x + ahead, y),
        (there_s, bed.spot.x + ahead, y),
        (600.0, bed.spot.x + ahead, y),
    )
    return (carrier, Box(carried, bed.spot.high, wide=0.24, tall=0.3, lifted=0.35))


def _focus(_: Bed, seed: int) -> Sequence[Layer]:
    return (FocusHunt((7.0, 13.0, 24.0 + seed % 3, 38.0, 52.0)),)


def _nightfall(_: Bed, seed: int) -> Sequence[Layer]:
    dusk = Night(0.25, 6.0 + seed % 3, 40.0, depth=Depth.LIGHT)
    return (dusk, Noise(1.0, 3.0, 45.0, seed=seed + 50))


def _curtain(bed: Bed, seed: int) -> Sequence[Layer]:
    return (Curtain(bed.spot, seed),)


ADVERSARIES = (
    Adversary("rain", _rain),
    Adversary("snow", _snow),
    Adversary("leaves", _leaves),
    Adversary("headlight-sweep", _headlights),
    Adversary("headlights-that-wait", _waiting_headlights),
    Adversary("lamp-switch", _lamp),
    Adversary("infrared-switch", _infrared),
    Adversary("shake", _shake),
    Adversary("cloud", _cloud),
    Adversary("noise", _noise),
    Adversary("lorry-passing", _lorry),
    Adversary("car-parking", _car),
    Adversary("dog", _dog),
    Adversary("box", _box),
    Adversary("parcel", _parcel),
    Adversary("focus-hunt", _focus),
    Adversary("curtain", _curtain),
    Adversary("nightfall", _nightfall),
)
