/** Places on a map sheet: Web Mercator, sectors, boxes. Pure; degrees, metres, pixels. */
import { ringsOf } from '../villageMap'

/** A place in degrees. */
export interface Spot {
  latitude: number
  longitude: number
}

/** Where a camera looks: degrees from north over east, how wide, how far. */
export interface View {
  bearing: number
  angle: number
  range_m: number
}

/** West, south, east, north. */
export type Box = readonly [number, number, number, number]
/** Of the whole world's sheet at zoom 0: 0 to 256 from west to east and from north to south. */
export type World = readonly [number, number]

const EARTH_M = 6_371_000
const AROUND_M = 40_075_016.686
const SHEET = 256
/** An arc is drawn in pieces of so many degrees. */
const PIECE = 8

export const radians = (value: number) => (value * Math.PI) / 180
const degrees = (value: number) => (value * 180) / Math.PI

export function worldOf({ latitude, longitude }: Spot): World {
  const sine = Math.sin(radians(latitude))
  return [
    (longitude / 360 + 0.5) * SHEET,
    (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * SHEET,
  ]
}

export function spotOf([x, y]: World): Spot {
  const turn = Math.PI * (1 - (2 * y) / SHEET)
  return { latitude: degrees(Math.atan(Math.sinh(turn))), longitude: (x / SHEET - 0.5) * 360 }
}

/** How much of the ground one pixel is. */
export const metresPerPixel = (latitude: number, zoom: number) =>
  (AROUND_M * Math.cos(radians(latitude))) / (SHEET * 2 ** zoom)

/** So many metres from here in this direction. */
export function away(from: Spot, bearing: number, metres: number): Spot {
  const north = metres * Math.cos(radians(bearing))
  const east = metres * Math.sin(radians(bearing))
  return {
    latitude: from.latitude + degrees(north / EARTH_M),
    longitude: from.longitude + degrees(east / (EARTH_M * Math.cos(radians(from.latitude)))),
  }
}

/** The outline of what a camera sees: from it along an arc and back; a ring where it sees all round. */
export function sectorOf(from: Spot, view: View): Spot[] {
  const whole = view.angle >= 360
  const begin = view.bearing - view.angle / 2
  const pieces = Math.max(2, Math.ceil(view.angle / PIECE))
  const arc = Array.from({ length: pieces + (whole ? 0 : 1) }, (_, piece) =>
    away(from, begin + (view.angle * piece) / pieces, view.range_m),
  )
  return whole ? arc : [from, ...arc]
}

/** Around all of them; null where there is none. */
export function boxOf(spots: Iterable<Spot>): Box | null {
  let box: [number, number, number, number] | null = null
  for (const { longitude, latitude } of spots) {
    if (box === null) box = [longitude, latitude, longitude, latitude]
    else {
      box[0] = Math.min(box[0], longitude)
      box[1] = Math.min(box[1], latitude)
      box[2] = Math.max(box[2], longitude)
      box[3] = Math.max(box[3], latitude)
    }
  }
  return box
}

/** The corners of a boundary, of all its rings. */
export const cornersOf = (boundary: unknown): Spot[] => ringsAsSpots(boundary).flat()

export const ringsAsSpots = (boundary: unknown): Spot[][] =>
  ringsOf(boundary).map((ring) =>
    ring.map((point) => ({ longitude: point[0]!, latitude: point[1]! })),
  )

/** The middle of its box: where its name stands, and an incident whose own place is not known. */
export function middleOf(boundary: unknown): Spot | null {
  const box = boxOf(ringsAsSpots(boundary)[0] ?? [])
  if (box === null) return null
  return { longitude: (box[0] + box[2]) / 2, latitude: (box[1] + box[3]) / 2 }
}
