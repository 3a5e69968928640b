/**
 * Everything that stands still on the map, turned once into the sheet's own measure: boundaries,
 * households, cameras with what they see. Says what is drawn at a zoom, and what lies under a
 * finger. Pure.
 */
import type { MapCamera, MapGrid, MapHousehold, MapTiles, MapVillage } from '../api/map'
import { inSystem } from './gcj02'
import { boxOf, metresPerPixel, middleOf, ringsAsSpots, sectorOf, type Spot, type World, worldOf } from './geometry'
import { type Mark, marksAt, type Point, Sheet } from './marks'

export const LAYERS = ['boundaries', 'households', 'sight', 'cameras', 'views', 'teams', 'incidents'] as const
export type LayerName = (typeof LAYERS)[number]

/** From these zooms on each stands for itself; before, those that would lie upon each other are one. */
const HOMES_APART = 15
const CAMERAS_APART = 14
/** Fields of view smaller than this many pixels say nothing. */
const LEAST_VIEW_PX = 10
const PIECE = 256

export interface Area {
  id: string
  name: string
  kind: 'village' | 'grid'
  rings: World[][]
  /** Left, top, right, bottom, at zoom 0. */
  box: readonly [number, number, number, number]
  middle: World
}

export interface CameraMark {
  camera: MapCamera
  at: World
  /** Of what it sees, at zoom 0; null where nobody wrote it down. */
  outline: World[] | null
  /** How far it sees, at zoom 0. */
  reach: number
}

export interface Standing {
  villages: readonly MapVillage[]
  grids: readonly MapGrid[]
  households: readonly MapHousehold[] | null
  cameras: readonly MapCamera[] | null
  tiles: MapTiles | null
  camera_range_m: number
}

/** What lies under a finger. */
export type Chosen =
  | { kind: 'household'; household: MapHousehold }
  | { kind: 'camera'; camera: MapCamera }
  | { kind: 'many'; spots: Spot[] }

/** What a piece of the sheet shows. */
export interface Shown {
  areas: Area[]
  views: CameraMark[]
  homes: Mark<MapHousehold>[]
  cameras: Mark<CameraMark>[]
}

export class Scene {
  readonly areas: Area[]
  readonly cameras: CameraMark[]
  private readonly homes: Point<MapHousehold>[]
  private readonly homeSheets = new Map<number, Sheet<MapHousehold>>()
  private readonly cameraSheets = new Map<number, Sheet<CameraMark>>()
  private readonly farthest: number

  constructor(
    readonly standing: Standing,
    readonly system: string = standing.tiles?.system ?? 'wgs84',
  ) {
    const world = (spot: Spot) => worldOf(inSystem(spot, system))
    this.areas = [
      ...standing.villages.map((one) => areaOf(one, 'village', world)),
      ...standing.grids.map((one) => areaOf(one, 'grid', world)),
    ].filter((one) => one !== null)
    this.homes = (standing.households ?? []).map((one) => ({ at: world(one), of: one }))
    this.cameras = (standing.cameras ?? []).map((camera) => {
      const range = camera.view?.range_m ?? standing.camera_range_m
      return {
        camera,
        at: world(camera),
        outline: camera.view === null ? null : sectorOf(camera, camera.view).map(world),
        reach: range / metresPerPixel(camera.latitude, 0),
      }
    })
    this.farthest = this.cameras.reduce((most, one) => Math.max(most, one.reach), 0)
  }

  /** What must be drawn in this box of the world at this zoom. */
  shown(zoom: number, left: number, top: number, wide: number, high: number, margin: number): Shown {
    const scale = 2 ** zoom
    const [right, bottom] = [left + wide, top + high]
    const seen = this.camerasAt(zoom).within(left, top, wide, high, margin)
    const isNear = zoom >= CAMERAS_APART
    const wideViews = isNear
      ? this.camerasAt(zoom).within(left, top, wide, high, this.farthest * scale)
      : []
    return {
      areas: this.areas.filter(
        ({ box: [west, north, east, south] }) =>
          east * scale >= left - margin && west * scale <= right + margin &&
          south * scale >= top - margin && north * scale <= bottom + margin,
      ),
      views: wideViews.flatMap((mark) => mark.all).filter((one) => one.reach * scale >= LEAST_VIEW_PX),
      homes: this.homesAt(zoom).within(left, top, wide, high, margin),
      cameras: seen,
    }
  }

  /** What lies within `reach` pixels of this point of the sheet. */
  under(zoom: number, x: number, y: number, reach: number, layers: ReadonlySet<LayerName>): Chosen | null {
    const home = layers.has('households') ? this.homesAt(zoom).nearest(x, y, reach) : null
    const camera = layers.has('cameras') ? this.camerasAt(zoom).nearest(x, y, reach) : null
    if (camera !== null && (home === null || camera.away <= home.away)) {
      const [only, ...more] = camera.mark.all
      if (more.length === 0) return { kind: 'camera', camera: only!.camera }
      return { kind: 'many', spots: camera.mark.all.map((one) => one.camera) }
    }
    if (home === null) return null
    const [only, ...more] = home.mark.all
    if (more.length === 0) return { kind: 'household', household: only! }
    return { kind: 'many', spots: [...home.mark.all] }
  }

  /** All places that are known, for looking at all of it. */
  get spots(): Spot[] {
    const { villages, grids, households, cameras } = this.standing
    return [
      ...[...villages, ...grids].flatMap((one) => ringsAsSpots(one.boundary).flat()),
      ...(households ?? []),
      ...(cameras ?? []),
    ]
  }

  private homesAt(zoom: number): Sheet<MapHousehold> {
    return kept(this.homeSheets, zoom, () => marksAt(this.homes, zoom, zoom < HOMES_APART))
  }

  private camerasAt(zoom: number): Sheet<CameraMark> {
    return kept(this.cameraSheets, zoom, () =>
      marksAt(
        this.cameras.map((one) => ({ at: one.at, of: one })),
        zoom,
        zoom < CAMERAS_APART,
      ),
    )
  }
}

function kept<T>(sheets: Map<number, Sheet<T>>, zoom: number, make: () => Mark<T>[]): Sheet<T> {
  let sheet = sheets.get(zoom)
  if (sheet === undefined) {
    sheet = new Sheet(make(), PIECE)
    sheets.set(zoom, sheet)
  }
  return sheet
}

function areaOf(
  { id, name, boundary }: MapVillage,
  kind: Area['kind'],
  world: (spot: Spot) => World,
): Area | null {
  const rings = ringsAsSpots(boundary).map((ring) => ring.map(world))
  const middle = middleOf(boundary)
  const box = boxOf(rings.flat().map(([x, y]) => ({ longitude: x, latitude: y })))
  if (middle === null || box === null) return null
  return { id, name, kind, rings, box, middle: world(middle) }
}
