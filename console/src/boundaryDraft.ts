/** A village's boundary while it is drawn: corners on a map without tiles. Pure. */
import { fromSystem } from './map/gcj02'
import { ringsOf } from './villageMap'

/** Longitude, latitude, WGS-84 degrees. */
export type Point = readonly [number, number]

/** What of the world stands on a sheet of `width` by `height`, north up. */
export interface Frame {
  width: number
  height: number
  /** The middle of the sheet. */
  centre: Point
  /** Units of the sheet per degree of latitude. */
  scale: number
}

export interface Draft {
  corners: readonly Point[]
  /** Holes, kept as they are: nobody draws them by hand. */
  holes: readonly (readonly Point[])[]
}

const KM_PER_DEGREE = 111.32
/** Nothing is drawn closer than this: a village is not a courtyard. */
const LEAST_SPAN = 0.004
const ROOM = 1.25
const MOST_SCALE = 400_000

export const EMPTY: Draft = { corners: [], holes: [] }

const squeeze = (latitude: number) => Math.cos((latitude * Math.PI) / 180)

/** All these points with some room around them; null where there is none. */
export function frameOf(points: readonly Point[], width: number, height: number): Frame | null {
  if (points.length === 0) return null
  const [west, east] = ends(points.map((point) => point[0]))
  const [south, north] = ends(points.map((point) => point[1]))
  const centre: Point = [(west + east) / 2, (south + north) / 2]
  const wide = Math.max((east - west) * squeeze(centre[1]), LEAST_SPAN)
  const high = Math.max(north - south, LEAST_SPAN)
  return { width, height, centre, scale: Math.min(width / wide, height / high) / ROOM }
}

export function toSheet(frame: Frame, [longitude, latitude]: Point): [number, number] {
  const [middle, height] = frame.centre
  return [
    frame.width / 2 + (longitude - middle) * squeeze(height) * frame.scale,
    frame.height / 2 + (height - latitude) * frame.scale,
  ]
}

export function toMap(frame: Frame, x: number, y: number): Point {
  const [middle, height] = frame.centre
  return [
    fine(middle + (x - frame.width / 2) / (squeeze(height) * frame.scale)),
    fine(height - (y - frame.height / 2) / frame.scale),
  ]
}

export const zoomed = (frame: Frame, factor: number): Frame => ({
  ...frame,
  scale: Math.min(frame.scale * factor, MOST_SCALE),
})

/** As if the sheet were pushed by so many units. */
export function pushed(frame: Frame, dx: number, dy: number): Frame {
  const [longitude, latitude] = frame.centre
  return {
    ...frame,
    centre: [
      longitude - dx / (squeeze(latitude) * frame.scale),
      latitude + dy / frame.scale,
    ],
  }
}

export function draftOf(boundary: unknown): Draft {
  const rings = ringsOf(boundary).map((ring) => opened(ring as readonly Point[]))
  const [corners = [], ...holes] = rings
  return { corners, holes }
}

/** As it is sent; null where nothing is drawn. Raises nothing: the server judges it. */
export function boundaryOf(draft: Draft): object | null {
  if (draft.corners.length === 0) return null
  const rings = [draft.corners, ...draft.holes].map((ring) => [...ring, ring[0]!])
  return { type: 'Polygon', coordinates: rings }
}

export const withCorner = (draft: Draft, index: number, point: Point): Draft => ({
  ...draft,
  corners: [...draft.corners.slice(0, index), point, ...draft.corners.slice(index)],
})

export const moved = (draft: Draft, index: number, point: Point): Draft => ({
  ...draft,
  corners: draft.corners.map((corner, at) => (at === index ? point : corner)),
})

export const without = (draft: Draft, index: number): Draft =>
  draft.corners.length <= 1
    ? EMPTY
    : { ...draft, corners: draft.corners.filter((_, at) => at !== index) }

/** The middles of its sides, where another corner can be pulled out. */
export const middlesOf = (corners: readonly Point[]): Point[] =>
  corners.length < 3
    ? []
    : corners.map((corner, at) => {
        const next = corners[(at + 1) % corners.length]!
        return [fine((corner[0] + next[0]) / 2), fine((corner[1] + next[1]) / 2)]
      })

/** Square kilometres inside, about. */
export function areaOf(corners: readonly Point[]): number {
  if (corners.length < 3) return 0
  const narrow = squeeze(corners[0]![1])
  const doubled = corners.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = corners[(at + 1) % corners.length]!
    return sum + x * nextY - nextX * y
  }, 0)
  return (Math.abs(doubled) / 2) * narrow * KM_PER_DEGREE ** 2
}

/**
 * A boundary out of a text: GeoJSON (a Polygon, or a feature of one), or a line a corner with
 * longitude and latitude, in the system it was drawn in. null: it is none.
 */
export function pasted(text: string, system = 'wgs84'): Draft | null {
  const draft = read(text)
  if (draft === null) return null
  const real = ([longitude, latitude]: Point): Point => {
    const spot = fromSystem({ latitude, longitude }, system)
    return [spot.longitude, spot.latitude]
  }
  return { corners: draft.corners.map(real), holes: draft.holes.map((hole) => hole.map(real)) }
}

function read(text: string): Draft | null {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return fromJson(trimmed)
  const corners = trimmed
    .split(/[\n;；]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/[\s,，]+/).map(Number))
  if (corners.length < 3 || corners.some((pair) => !isPoint(pair))) return null
  return { corners: opened(corners as unknown as Point[]), holes: [] }
}

function fromJson(text: string): Draft | null {
  try {
    const polygon = polygonIn(JSON.parse(text))
    const draft = draftOf(polygon)
    const isWhole = [draft.corners, ...draft.holes].every(
      (ring) => ring.length >= 3 && ring.every(isPoint),
    )
    return polygon !== null && isWhole ? draft : null
  } catch {
    return null
  }
}

function polygonIn(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return null
  const { type, geometry, features } = given as Record<string, unknown>
  if (type === 'Polygon') return given
  if (type === 'Feature') return polygonIn(geometry)
  return type === 'FeatureCollection' && Array.isArray(features) ? polygonIn(features[0]) : null
}

const isPoint = (point: readonly unknown[]) =>
  point.length >= 2 && point.slice(0, 2).every((one) => typeof one === 'number' && Number.isFinite(one))

/** Without the last corner, which closes it. */
function opened(ring: readonly Point[]): Point[] {
  const corners = ring.map<Point>((point) => [point[0], point[1]])
  const [first] = corners
  const last = corners.at(-1)
  const isClosed =
    first !== undefined && last !== undefined && first[0] === last[0] && first[1] === last[1]
  return isClosed && corners.length > 1 ? corners.slice(0, -1) : corners
}

const ends = (values: readonly number[]): [number, number] =>
  values.reduce<[number, number]>(
    ([least, most], one) => [Math.min(least, one), Math.max(most, one)],
    [Infinity, -Infinity],
  )
/** A metre, about. */
const fine = (degrees: number) => Math.round(degrees * 1e5) / 1e5
