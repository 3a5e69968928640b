/** A camera's zones while they are drawn: corners in fractions of the picture. Pure; the server judges. */

export type Point = readonly [number, number]
export type ZoneKind = 'loiter' | 'motion' | 'ignore' | 'privacy'
export const KINDS: readonly ZoneKind[] = ['loiter', 'motion', 'ignore', 'privacy']

/** As in a zones file; null: left out, the site's default holds. */
export interface Zone {
  name: string
  kind: ZoneKind
  polygon: readonly Point[]
  dwell: string | null
  min_height: number | null
  armed: string | null
  armed_days_off: string | null
}

export interface Fault {
  zone: number
  what: 'noName' | 'sameName' | 'fewCorners' | 'crosses' | 'tiny' | 'dwell' | 'height'
}

/** Smaller than this nobody stands in it: half a percent of the picture. */
const TINY = 0.005
/** As the server has it: it encloses nothing. */
const NOTHING = 1e-5

export const fine = (value: number) => Math.round(value * 1e4) / 1e4
/** Inside the picture. */
export const held = (value: number) => Math.min(1, Math.max(0, fine(value)))

export const moved = (polygon: readonly Point[], index: number, [x, y]: Point): Point[] =>
  polygon.map((corner, at) => (at === index ? [held(x), held(y)] : corner))

export const withCorner = (polygon: readonly Point[], index: number, [x, y]: Point): Point[] => [
  ...polygon.slice(0, index),
  [held(x), held(y)],
  ...polygon.slice(index),
]

export const without = (polygon: readonly Point[], index: number): Point[] =>
  polygon.filter((_, at) => at !== index)

/** The whole zone, as far as it stays inside the picture. */
export function shifted(polygon: readonly Point[], dx: number, dy: number): Point[] {
  const xs = polygon.map((corner) => corner[0])
  const ys = polygon.map((corner) => corner[1])
  const across = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), dx))
  const down = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), dy))
  return polygon.map(([x, y]) => [held(x + across), held(y + down)])
}

/** The middles of its sides, where another corner can be pulled out. */
export const middlesOf = (polygon: readonly Point[]): Point[] =>
  polygon.length < 3
    ? []
    : polygon.map(([x, y], at) => {
        const [nextX, nextY] = polygon[(at + 1) % polygon.length]!
        return [fine((x + nextX) / 2), fine((y + nextY) / 2)]
      })

/** Share of the picture. */
export function areaOf(polygon: readonly Point[]): number {
  const doubled = polygon.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = polygon[(at + 1) % polygon.length]!
    return sum + x * nextY - nextX * y
  }, 0)
  return Math.abs(doubled) / 2
}

const turn = (a: Point, b: Point, c: Point) =>
  (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

export function crosses(polygon: readonly Point[]): boolean {
  const sides = polygon.map((corner, at) => [corner, polygon[(at + 1) % polygon.length]!] as const)
  return sides.some(([a, b], i) =>
    sides.some(([c, d], j) => {
      // neighbours share a corner
      if (j < i + 2 || (i === 0 && j === sides.length - 1)) return false
      return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0
    }),
  )
}

export function isInside(polygon: readonly Point[], x: number, y: number): boolean {
  let inside = false
  polygon.forEach(([x0, y0], at) => {
    const [x1, y1] = polygon[(at + 1) % polygon.length]!
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) inside = !inside
  })
  return inside
}

/** Where somebody in it may be thought to stand: its middle, or its lowest corner where that is outside. */
export function feetOf(polygon: readonly Point[]): Point {
  const count = Math.max(1, polygon.length)
  const x = polygon.reduce((sum, corner) => sum + corner[0], 0) / count
  const y = polygon.reduce((sum, corner) => sum + corner[1], 0) / count
  if (isInside(polygon, x, y)) return [fine(x), fine(y)]
  return polygon.reduce<Point>((low, corner) => (corner[1] > low[1] ? corner : low), [0.5, 0])
}

/** Where a new one is put down, to be pulled where it belongs. */
export const RECTANGLE: readonly Point[] = [
  [0.35, 0.55],
  [0.65, 0.55],
  [0.65, 0.9],
  [0.35, 0.9],
]

export function newZone(zones: readonly Zone[], kind: ZoneKind, word: string): Zone {
  const taken = new Set(zones.map((zone) => zone.name))
  let number = 1
  while (taken.has(`${word} ${number}`)) number += 1
  return {
    name: `${word} ${number}`,
    kind,
    polygon: [],
    dwell: kind === 'loiter' ? '20s' : null,
    min_height: null,
    armed: null,
    armed_days_off: null,
  }
}

/** What another kind has no use for is dropped. */
export function ofKind(zone: Zone, kind: ZoneKind): Zone {
  const watches = kind === 'loiter' || kind === 'motion'
  return {
    ...zone,
    kind,
    dwell: kind === 'loiter' ? (zone.dwell ?? '20s') : null,
    min_height: watches ? zone.min_height : null,
    armed: watches ? zone.armed : null,
    armed_days_off: watches ? zone.armed_days_off : null,
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, m: 60, h: 3600 }

/** null: no duration, or none that a zone may have (1 s to an hour). */
export function secondsOf(dwell: string | null): number | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)\s*$/.exec(dwell ?? '')
  if (found === null) return null
  const seconds = Number(found[1]) * UNITS[found[2]!]!
  return seconds >= 1 && seconds <= 3600 ? seconds : null
}

export function faultsOf(zones: readonly Zone[]): Fault[] {
  return zones.flatMap((zone, at) => {
    const found: Fault['what'][] = []
    const name = zone.name.trim()
    if (name === '') found.push('noName')
    else if (zones.some((other, n) => n < at && other.name.trim() === name)) found.push('sameName')
    if (zone.polygon.length < 3) found.push('fewCorners')
    else if (crosses(zone.polygon)) found.push('crosses')
    else if (areaOf(zone.polygon) < NOTHING) found.push('tiny')
    if (zone.kind === 'loiter' && zone.dwell !== null && secondsOf(zone.dwell) === null) found.push('dwell')
    if (zone.min_height !== null && !(zone.min_height > 0 && zone.min_height <= 1)) found.push('height')
    return found.map((what) => ({ zone: at, what }))
  })
}

/** Worth a word, and no mistake. */
export const isSmall = (zone: Zone) =>
  zone.polygon.length >= 3 && zone.kind !== 'privacy' && areaOf(zone.polygon) < TINY

const keyOf = (polygon: readonly Point[]) => JSON.stringify(polygon)

export const isSame = (one: readonly Zone[], other: readonly Zone[]) => {
  const sorted = (zones: readonly Zone[]) =>
    JSON.stringify(
      [...zones]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((z) => [z.name, z.kind, z.polygon, z.dwell, z.min_height, z.armed, z.armed_days_off]),
    )
  return sorted(one) === sorted(other)
}

/** The privacy zones that would hide otherwise than they do, as the server counts them. */
export function uncoveredBy(before: readonly Zone[], after: readonly Zone[]): string[] {
  const hidden = new Set(after.filter((z) => z.kind === 'privacy').map((z) => keyOf(z.polygon)))
  return before
    .filter((zone) => zone.kind === 'privacy' && !hidden.has(keyOf(zone.polygon)))
    .map((zone) => zone.name)
}
