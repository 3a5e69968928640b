/** Village boundaries as SVG paths: no tiles, nothing from outside. Pure. */

export type Ring = readonly (readonly number[])[]

export interface Shape {
  id: string
  /** For the `d` of a path. */
  path: string
  /** Where its name stands. */
  x: number
  y: number
}

export interface Drawing {
  width: number
  height: number
  shapes: Shape[]
}

const MARGIN = 12

/** Outer and inner rings of a GeoJSON Polygon or MultiPolygon; of anything else none. */
export function ringsOf(boundary: unknown): Ring[] {
  if (typeof boundary !== 'object' || boundary === null) return []
  const { type, coordinates } = boundary as { type?: unknown; coordinates?: unknown }
  if (!Array.isArray(coordinates)) return []
  if (type === 'Polygon') return coordinates as Ring[]
  if (type === 'MultiPolygon') return (coordinates as Ring[][]).flat()
  return []
}

/** All of them on one sheet `width` wide, north up, a kilometre as long either way. */
export function drawVillages(
  villages: readonly { id: string; boundary: unknown }[],
  width: number,
): Drawing {
  const drawn = villages
    .map(({ id, boundary }) => ({ id, rings: ringsOf(boundary) }))
    .filter(({ rings }) => rings.some((ring) => ring.length > 2))
  const points = drawn.flatMap(({ rings }) => rings.flat())
  if (points.length === 0) return { width, height: 0, shapes: [] }
  const longitudes = points.map((point) => point[0]!)
  const latitudes = points.map((point) => point[1]!)
  const west = min(longitudes)
  const north = max(latitudes)
  const middle = (north + min(latitudes)) / 2
  // a degree of longitude is shorter the farther from the equator
  const squeeze = Math.cos((middle * Math.PI) / 180)
  const wide = Math.max((max(longitudes) - west) * squeeze, 1e-6)
  const high = Math.max(north - min(latitudes), 1e-6)
  const scale = (width - 2 * MARGIN) / wide
  const x = (longitude: number) => round(MARGIN + (longitude - west) * squeeze * scale)
  const y = (latitude: number) => round(MARGIN + (north - latitude) * scale)
  return {
    width,
    height: round(high * scale + 2 * MARGIN),
    shapes: drawn.map(({ id, rings }) => {
      const outer = rings[0]!
      return {
        id,
        path: rings
          .map((ring) => `M${ring.map((point) => `${x(point[0]!)} ${y(point[1]!)}`).join('L')}Z`)
          .join(''),
        x: x((min(outer.map((p) => p[0]!)) + max(outer.map((p) => p[0]!))) / 2),
        y: y((min(outer.map((p) => p[1]!)) + max(outer.map((p) => p[1]!))) / 2),
      }
    }),
  }
}

export type Shade = 'unknown' | 'low' | 'middle' | 'near' | 'model'

/** How a village is coloured: in thirds of the way to a 示范村. */
export function shadeOf(rate: number | null, model: number): Shade {
  if (rate === null) return 'unknown'
  if (rate >= model) return 'model'
  if (rate >= (model * 2) / 3) return 'near'
  return rate >= model / 3 ? 'middle' : 'low'
}

// a boundary may have more points than a call may have arguments
const min = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Infinity)
const max = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity)
const round = (value: number) => Math.round(value * 10) / 10
