"""The six places of the demo: what stands there and who passes when.

Only data. Two of them (the village gate by day, the school gate at night) have somebody who walks
in, stays near the gate and walks out; elsewhere people only pass.
"""

from dataclasses import dataclass, field

from camerad.simulator.canvas import Colour, View
from camerad.simulator.figures import Clothes
from camerad.simulator.furniture import Fence, Lamp, Sign, Stall, Tree
from camerad.simulator.ground import Strip
from camerad.simulator.light import Hour
from camerad.simulator.props import Archway, House, Prop, Wall
from camerad.simulator.script import Actor, Car, Cyclist, Person, Walk

CONCRETE: Colour = (168, 176, 180)
ASPHALT: Colour = (104, 102, 100)
GRASS: Colour = (70, 112, 92)
EARTH: Colour = (118, 138, 152)
PALE_SKY = ((226, 206, 184), (236, 230, 222))
EVENING_SKY = ((170, 140, 128), (150, 178, 224))
NIGHT_SKY = ((70, 48, 38), (92, 72, 62))

BLUE = Clothes(coat=(128, 78, 44), trousers=(66, 60, 58))
RED = Clothes(coat=(54, 48, 168), trousers=(72, 66, 64), bag=(60, 120, 150))
GREY = Clothes(coat=(108, 108, 106), trousers=(44, 44, 48))
GREEN = Clothes(coat=(74, 96, 58), trousers=(58, 74, 88))
DARK = Clothes(coat=(46, 44, 42), trousers=(40, 40, 44), size=1.03)
CREAM = Clothes(coat=(176, 200, 214), trousers=(110, 86, 62), size=0.95)
CHILD = Clothes(coat=(70, 170, 225), trousers=(140, 96, 58), size=0.76)


@dataclass(frozen=True)
class Plot:
    """A rectangle on the ground, metres; becomes a zone's polygon on the picture."""

    x0: float
    x1: float
    z0: float
    z1: float


@dataclass(frozen=True)
class Scene:
    """One camera's place. `plot` is where a zone makes sense, with a stay in it or without."""

    id: str
    label: str
    """Burnt into the picture; ASCII, because OpenCV draws nothing else."""
    hour: Hour
    seed: int
    base: Colour
    strips: tuple[Strip, ...]
    props: tuple[Prop, ...]
    cast: tuple[Actor, ...]
    plot: Plot
    sky: tuple[Colour, Colour] = PALE_SKY
    view: View = field(default_factory=View)
    shadow: tuple[float, float] = (0.75, 0.35)
    """Where the shadow of one metre falls, (x, z) metres."""


def _walk(
    start_s: float, *points: tuple[float, float], speed: float = 1.25, at: int = -1, stay: float = 0
) -> Walk:
    return Walk(start_s, points, speed, {at: stay} if stay else {})


EAST_GATE = Scene(
    id="east-gate",
    label="EAST VILLAGE GATE",
    hour=Hour.DAY,
    seed=11,
    base=GRASS,
    strips=(
        Strip(-30, 30, 10.6, 17.0, EARTH, rough=0.12),
        Strip(-2.9, 3.1, 4.0, 60.0, CONCRETE, joints_m=3.0),
        Strip(-30, 30, 6.0, 10.4, CONCRETE, joints_m=3.0),
    ),
    props=(
        House(-16.0, -6.2, 18.0, tall=3.2),
        House(6.4, 16.5, 19.0, tall=3.2, wall=(176, 196, 216), roof=(70, 74, 112)),
        House(-4.4, 4.8, 34.0, tall=5.8, storeys=2),
        Wall(-7.4, -3.6, 15.2, brick=True, colour=(96, 116, 158)),
        Wall(3.8, 8.4, 15.2, brick=True, colour=(96, 116, 158)),
        Archway(-3.1, 3.3, 13.8, tall=3.7),
        Tree(-5.2, 12.2, tall=4.2, crown=1.5),
        Tree(5.8, 12.6, tall=4.0, crown=1.4, green=(60, 120, 84)),
        Lamp(4.7, 10.9, tall=3.6),
    ),
    cast=(
        Person(_walk(3, (-6.0, 9.6), (7.0, 9.0)), RED),
        Person(_walk(10, (6.2, 9.9), (2.3, 9.7), (6.4, 10.2), at=1, stay=34), DARK),
        Cyclist(_walk(17, (-7.5, 8.4), (7.5, 8.2), speed=4.4), GREEN, (60, 60, 60)),
        Person(_walk(22, (-0.8, 26.0), (-1.2, 13.0), (-2.4, 7.4), (-6.0, 6.9)), BLUE),
        Person(_walk(36, (-5.8, 7.6), (-0.4, 8.6), (-0.2, 24.0), speed=1.35), CREAM),
        Person(_walk(54, (-6.4, 9.4), (6.8, 9.7), speed=1.4), GREY),
    ),
    plot=Plot(0.9, 3.7, 8.8, 11.2),
)

MARKET = Scene(
    id="market",
    label="MARKET STREET",
    hour=Hour.DAY,
    seed=12,
    base=EARTH,
    strips=(Strip(-30, 30, 4, 17.5, (150, 158, 164), joints_m=1.2, rough=0.1),),
    props=(
        House(-13, -3.4, 19.5, tall=5.8, storeys=2, wall=(186, 204, 216)),
        House(-3.0, 6.0, 20.0, tall=5.6, storeys=2, roof=(70, 70, 110)),
        House(6.5, 15.5, 19.5, tall=3.3),
        Sign(-1.6, 4.6, 19.9, 3.0, tall=0.8),
        Stall(-5.6, 14.8, awning=(64, 64, 196), goods=(50, 70, 200)),
        Stall(-2.5, 15.0, awning=(160, 96, 48), goods=(60, 170, 90)),
        Stall(0.7, 15.0, awning=(70, 140, 60), goods=(50, 160, 235)),
        Stall(3.9, 14.8, awning=(64, 64, 196), goods=(90, 190, 110)),
        Stall(7.2, 14.6, awning=(50, 150, 200), goods=(70, 90, 160)),
        Lamp(-5.9, 11.8, tall=4.0),
    ),
    cast=(
        Person(_walk(2, (-7.0, 11.2), (7.2, 10.9), speed=1.1), CREAM),
        Person(_walk(6, (7.5, 12.4), (-7.2, 12.9), speed=1.05), RED),
        Person(_walk(13, (-6.0, 9.2), (6.4, 9.8)), BLUE),
        Person(_walk(14, (-6.4, 9.9), (6.2, 10.3)), CHILD),
        Cyclist(_walk(27, (6.0, 8.2), (-6.4, 8.0), speed=3.4), GREY, (150, 90, 40)),
        Person(_walk(31, (7.0, 11.8), (1.0, 12.6), (-7.4, 11.6), at=1, stay=5), GREEN),
        Person(_walk(44, (-6.8, 12.0), (7.2, 12.2)), GREY),
        Person(_walk(52, (6.6, 9.4), (-6.6, 9.9), speed=1.2), DARK),
    ),
    plot=Plot(-2.4, 2.4, 8.6, 11.4),
    shadow=(0.25, 0.3),
)

SCHOOL_GATE = Scene(
    id="school-gate",
    label="SCHOOL GATE",
    hour=Hour.INFRARED,
    seed=13,
    base=ASPHALT,
    strips=(
        Strip(-30, 30, 10.2, 40, CONCRETE, joints_m=2.4),
        Strip(-30, 30, 9.9, 10.2, (190, 196, 198)),
    ),
    props=(
        House(-8.5, 8.5, 30.0, tall=9.0, storeys=3, couplets=False),
        Wall(-12, -3.5, 13.6, tall=2.2),
        Wall(3.5, 12, 13.6, tall=2.2),
        Sign(-6.9, -4.3, 13.5, 0.9, tall=0.7, glyphs=5),
        Wall(-3.8, -3.1, 13.5, tall=2.8, colour=(132, 142, 150)),
        Wall(3.1, 3.8, 13.5, tall=2.8, colour=(132, 142, 150)),
        Fence(-3.1, 3.1, 13.4, tall=1.7),
        Tree(-7.4, 15.6, tall=4.6, crown=1.6),
        Tree(7.2, 15.8, tall=4.8, crown=1.7),
    ),
    cast=(
        Person(_walk(4, (6.6, 9.6), (-6.8, 9.3)), GREY),
        Person(_walk(12, (-6.6, 11.0), (-0.6, 11.7), (-6.4, 10.6), at=1, stay=33), BLUE),
        Cyclist(_walk(30, (7.4, 8.4), (-7.4, 8.2), speed=4.2), DARK, (90, 90, 90)),
        Person(_walk(40, (6.8, 10.0), (-6.8, 9.2), speed=1.35), RED),
    ),
    plot=Plot(-2.4, 1.6, 10.4, 13.0),
    sky=NIGHT_SKY,
)

BRIDGE = Scene(
    id="bridge",
    label="STONE BRIDGE",
    hour=Hour.DAY,
    seed=14,
    base=GRASS,
    strips=(
        Strip(-40, 40, 13.4, 24.0, (128, 118, 92), rough=0.05, ripples=True),
        Strip(-40, 40, 24.0, 25.0, (120, 140, 146)),
        Strip(-40, 40, 4.0, 13.2, (146, 156, 162), joints_m=1.6, rough=0.1),
        Strip(-40, 40, 7.2, 7.5, (200, 206, 208)),
    ),
    props=(
        House(-20, -9, 31, tall=3.4),
        House(-6.5, 2.0, 33, tall=5.8, storeys=2, roof=(70, 70, 110)),
        House(5, 17, 31, tall=3.4, wall=(178, 198, 214)),
        Tree(-9.0, 26.0, tall=5.6, crown=2.3),
        Tree(3.6, 26.5, tall=5.4, crown=2.2, green=(66, 130, 96)),
        Tree(11.0, 26.0, tall=5.2, crown=2.1),
        Fence(-12, 12, 13.1, tall=1.15, every=0.4, colour=(172, 180, 184), bar_m=0.12, posts_m=2.0),
        Lamp(5.6, 12.8, tall=3.8, reach=-1.1),
    ),
    cast=(
        Person(_walk(3, (-7.4, 12.2), (7.6, 12.0)), BLUE),
        Cyclist(_walk(11, (7.4, 9.6), (-7.6, 9.4), speed=4.6), RED, (70, 60, 165)),
        Person(_walk(18, (6.8, 11.2), (-7.0, 10.8), speed=1.4), GREY),
        Person(_walk(26, (-7.0, 11.6), (7.2, 11.2)), CREAM),
        Cyclist(_walk(41, (-7.4, 8.6), (7.4, 8.4), speed=4.0), GREEN, (60, 60, 60)),
        Person(_walk(47, (7.4, 12.3), (-7.4, 12.0), speed=1.3), DARK),
        Person(_walk(57, (-6.4, 9.7), (6.4, 9.4), speed=1.6), GREEN),
    ),
    plot=Plot(-2.2, 2.2, 9.6, 12.6),
    shadow=(-0.7, 0.3),
)

CROSSROADS = Scene(
    id="crossroads",
    label="CROSSROADS",
    hour=Hour.NIGHT,
    seed=15,
    base=CONCRETE,
    strips=(
        Strip(-40, 40, 9.6, 15.0, ASPHALT, rough=0.09),
        Strip(-2.6, 2.6, 15.0, 60.0, ASPHALT, rough=0.09),
        Strip(-2.6, 2.6, 4.0, 9.6, ASPHALT, rough=0.09),
        Strip(-2.5, 2.5, 15.4, 18.0, ASPHALT, stripes_m=1.0),
        Strip(-40, -3.4, 12.2, 12.36, (200, 206, 208)),
        Strip(3.4, 40, 12.2, 12.36, (200, 206, 208)),
    ),
    props=(
        House(-14, -4.0, 19.5, tall=5.8, storeys=2, lit=True),
        House(4.0, 14, 19.5, tall=5.8, storeys=2),
        Sign(-10.5, -6.2, 19.4, 3.0, tall=0.7, colour=(120, 60, 40)),
        House(-2.2, 3.6, 46, tall=6, storeys=2, lit=True),
        Lamp(-3.9, 15.8, tall=4.0),
        Lamp(4.2, 9.3, tall=3.3, reach=-1.0),
    ),
    cast=(
        Car(_walk(5, (-14, 13.6), (14, 13.6), speed=6.5), (170, 172, 176)),
        Person(_walk(9, (-6.0, 8.6), (6.2, 8.8)), GREY),
        Person(_walk(21, (6.8, 9.1), (-6.6, 8.7), speed=1.35), RED),
        Car(_walk(29, (14, 11.2), (-14, 11.2), speed=7.0), (60, 50, 140)),
        Cyclist(_walk(36, (-8.0, 10.4), (8.0, 10.2), speed=4.5), BLUE, (60, 60, 60)),
        Person(_walk(42, (-1.6, 26), (-1.4, 15.6), (-2.8, 9.0), (-6.4, 8.4)), CREAM),
        Car(_walk(60, (-14, 13.6), (14, 13.6), speed=8.0), (120, 96, 60)),
    ),
    plot=Plot(1.8, 5.2, 7.4, 9.6),
    sky=NIGHT_SKY,
)

STORE = Scene(
    id="store",
    label="COOPERATIVE STORE",
    hour=Hour.DUSK,
    seed=16,
    base=ASPHALT,
    strips=(
        Strip(-30, 30, 9.8, 40, (152, 160, 166), joints_m=1.0, rough=0.08),
        Strip(-30, 30, 9.6, 9.8, (176, 182, 186)),
    ),
    props=(
        House(-15, -6.0, 17.0, tall=3.4, lit=True),
        House(-5.6, 5.6, 16.0, tall=3.5, wall=(188, 202, 210), lit=True, couplets=False),
        Sign(-4.6, 4.6, 15.9, 2.55, tall=0.75, colour=(70, 110, 40), glyphs=8),
        House(6.0, 15, 17.0, tall=3.4, wall=(178, 198, 214)),
        Stall(-3.4, 14.4, wide=2.0, awning=(70, 140, 60), goods=(50, 160, 235)),
        Stall(3.7, 14.4, wide=2.0, awning=(70, 140, 60), goods=(90, 190, 110)),
        Lamp(5.4, 11.6, tall=3.6, reach=-1.1),
    ),
    cast=(
        Person(_walk(4, (-6.8, 11.4), (6.8, 11.0)), CREAM),
        Person(_walk(12, (6.6, 10.6), (0.6, 12.0), (0.1, 15.4)), GREEN),
        Cyclist(_walk(22, (-7.4, 8.6), (7.4, 8.4), speed=3.8), RED, (70, 60, 165)),
        Person(_walk(30, (0.1, 15.4), (-0.6, 12.0), (-6.6, 10.4)), GREEN),
        Person(_walk(37, (6.8, 10.2), (-6.8, 10.8), speed=1.4), GREY),
        Person(_walk(48, (-6.6, 9.7), (6.4, 10.1)), BLUE),
        Person(_walk(49, (-6.9, 10.3), (6.2, 10.7)), CHILD),
    ),
    plot=Plot(-2.2, 2.2, 10.4, 13.4),
    sky=EVENING_SKY,
    shadow=(0.5, 0.2),
)

SCENES: tuple[Scene, ...] = (EAST_GATE, MARKET, SCHOOL_GATE, BRIDGE, CROSSROADS, STORE)
