"""Renders the frames of a scene: the backdrop once, then the cast over it for each moment."""

import cv2
import numpy as np

from camerad.simulator.canvas import Brush, Patch, Picture, View
from camerad.simulator.figures import Pose, draw_bicycle, draw_car, draw_person
from camerad.simulator.furniture import Lamp, Tree
from camerad.simulator.ground import paint_ground
from camerad.simulator.light import Hour, Light
from camerad.simulator.scenes import Scene
from camerad.simulator.script import Actor, Car, Cyclist, Person


class Stage:
    """One scene ready to be filmed. The same scene and moments give the same frames."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._view: View = scene.view
        lamps = [(p.x + p.reach, p.tall, p.z) for p in scene.props if isinstance(p, Lamp)]
        self._light = Light(scene.hour, scene.view, lamps, scene.seed)
        self._rng = np.random.default_rng(scene.seed)
        plain, self._fronts = self._backdrop()
        self._still = self._light.develop(plain)
        self._label(self._still)

    def frame(self, t_s: float) -> Picture:
        """The picture at `t_s`; frames must be asked for in order, for the noise to repeat."""
        picture = self._still.copy()
        present = [(actor, pose) for actor in self._scene.cast if (pose := actor.walk.pose(t_s))]
        present.sort(key=lambda pair: -pair[1].z)
        for actor, pose in present:
            self._shadow(picture, actor, pose)
        for actor, pose in present:
            self._figure(picture, actor, pose)
        return self._light.expose(picture, t_s, self._rng)

    def _backdrop(self) -> tuple[Picture, list[tuple[float, Patch]]]:
        scene, view = self._scene, self._view
        rng = np.random.default_rng(scene.seed + 1)
        plain = paint_ground(view, scene.strips, scene.base, scene.sky, scene.seed)
        for prop in scene.props:
            if isinstance(prop, (Tree, Lamp)):
                self._prop_shadow(plain, prop, rng)
        fronts: list[tuple[float, Patch]] = []
        for prop in sorted(scene.props, key=lambda p: -p.z):
            patch = prop.paint(plain, view, rng)
            if patch is not None:
                fronts.append((prop.z, patch))
        return plain, fronts

    def _prop_shadow(self, picture: Picture, prop: Tree | Lamp, rng: np.random.Generator) -> None:
        brush, view = Brush(), self._view
        dx, dz = (0.5 * part for part in self._scene.shadow)  # the crown's middle is lower
        end = (prop.x + dx * prop.tall, 0.0, prop.z + dz * prop.tall)
        brush.line(
            view.pixel((prop.x, 0, prop.z)), view.pixel(end), 0.2 * view.px_per_m(prop.z), (0, 0, 0)
        )
        if isinstance(prop, Tree):
            k = view.px_per_m(end[2])
            for _ in range(60):
                x, z = rng.normal(end[0], prop.crown * 0.5), rng.normal(end[2], prop.crown * 0.4)
                spot = view.pixel((float(x), 0.0, float(z)))
                brush.ellipse(spot, (0.3 * k, 0.1 * k), (0, 0, 0))
        brush.paint(picture, opacity=self._light.shadow, blur_px=2.5)

    def _shadow(self, picture: Picture, actor: Actor, pose: Pose) -> None:
        brush, view = Brush(), self._view
        k = view.px_per_m(pose.z)
        foot = view.pixel((pose.x, 0.0, pose.z))
        wide = 2.1 if isinstance(actor, Car) else 0.8 if isinstance(actor, Cyclist) else 0.27
        brush.ellipse(foot, (wide * k, max(0.07, wide * 0.22) * k), (0, 0, 0))
        if self._scene.hour in (Hour.DAY, Hour.DUSK) and isinstance(actor, Person):
            dx, dz = self._scene.shadow
            for up, width in ((0.8, 0.3), (1.35, 0.36), (1.6, 0.2)):
                tip = view.pixel((pose.x + dx * up, 0.0, pose.z + dz * up))
                brush.line(foot, tip, width * k * 0.6, (0, 0, 0))
        brush.paint(picture, opacity=self._light.shadow, blur_px=1.8)

    def _figure(self, picture: Picture, actor: Actor, pose: Pose) -> None:
        brush, view = Brush(), self._view
        match actor:
            case Person(_, clothes):
                draw_person(brush, view, pose, clothes)
            case Cyclist(_, clothes, paint):
                draw_bicycle(brush, view, pose, clothes, paint)
            case Car(_, paint):
                draw_car(brush, view, pose, paint, lights=self._scene.hour is Hour.NIGHT)
        tone = self._light.tone_at(*view.pixel((pose.x, 0.0, pose.z)))
        patch = brush.paint(picture, tone=tone)
        if isinstance(actor, Car) and self._scene.hour is Hour.NIGHT:
            self._headlight(picture, pose)
        if patch is not None:
            self._put_fronts_back(picture, pose.z, patch)

    def _headlight(self, picture: Picture, pose: Pose) -> None:
        view, ahead = self._view, pose.heading[0]
        k = view.px_per_m(pose.z)
        brush = Brush()
        lamp = view.pixel((pose.x + 2.1 * ahead, 0.68, pose.z))
        brush.ellipse(lamp, (0.24 * k, 0.2 * k), (200, 235, 250))
        brush.paint(picture, opacity=0.9, blur_px=0.12 * k)
        beam = Brush()
        pool = view.pixel((pose.x + 4.6 * ahead, 0.0, pose.z))
        beam.ellipse(pool, (2.3 * k, 0.5 * k), (150, 200, 225))
        beam.paint(picture, opacity=0.32, blur_px=0.3 * k)

    def _put_fronts_back(self, picture: Picture, z: float, figure: Patch) -> None:
        """Whatever stands nearer than `z` covers the figure again."""
        fy, fx = figure.y, figure.x
        fh, fw = figure.cover.shape
        for front_z, front in self._fronts:
            if front_z >= z:
                continue
            h, w = front.cover.shape
            x0, x1 = max(fx, front.x), min(fx + fw, front.x + w)
            y0, y1 = max(fy, front.y), min(fy + fh, front.y + h)
            if x0 >= x1 or y0 >= y1:
                continue
            cover = front.cover[y0 - front.y : y1 - front.y, x0 - front.x : x1 - front.x, None]
            part = picture[y0:y1, x0:x1]
            part[:] = (part * (1 - cover) + self._still[y0:y1, x0:x1] * cover).astype(np.uint8)

    def _label(self, picture: Picture) -> None:
        face, low = cv2.FONT_HERSHEY_SIMPLEX, picture.shape[0] - 16
        # the same strokes twice: another thickness would space the letters differently
        for offset, colour in ((1, (15, 15, 15)), (0, (245, 245, 245))):
            spot = (14 + offset, low + offset)
            cv2.putText(picture, self._scene.label, spot, face, 0.55, colour, 1, cv2.LINE_AA)
