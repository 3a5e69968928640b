/**
 * WGS-84 and GCJ-02, the coordinates that maps published in China must be drawn in: 100 to 700 m
 * beside where things are. Everything that is kept or sent is WGS-84; only what an installer typed
 * from such a map, and what is drawn over such tiles, passes through here. Pure.
 *
 * The law's own formula is not public. This is the one that was published as EvilTransform and is
 * described in Wikipedia's "Restrictions on geographic data in China"; its figures are in the test.
 * The way back has no formula: it is sought step by step, to well below a centimetre.
 */
import type { Spot } from './geometry'

/** The ellipsoid of Krasovsky 1940, which the formula is made on: m, and its eccentricity squared. */
const AXIS_M = 6_378_245
const ECCENTRICITY_2 = 0.006693421622965943
/** Where the formula holds: degrees west, east, south, north. Elsewhere both are the same. */
const WITHIN = [72.004, 137.8347, 0.8293, 55.8271] as const
const STEPS = 12
const NEAR_ENOUGH = 1e-10

export const SYSTEMS = ['wgs84', 'gcj02'] as const
export type System = (typeof SYSTEMS)[number]

/** A place as such a map has it. */
export function toGcj02(spot: Spot): Spot {
  if (isOutside(spot)) return spot
  const [north, east] = shiftOf(spot)
  return { latitude: spot.latitude + north, longitude: spot.longitude + east }
}

/** Where a place of such a map really is. */
export function toWgs84(spot: Spot): Spot {
  if (isOutside(spot)) return spot
  let found = spot
  for (let step = 0; step < STEPS; step += 1) {
    const there = toGcj02(found)
    const north = there.latitude - spot.latitude
    const east = there.longitude - spot.longitude
    found = { latitude: found.latitude - north, longitude: found.longitude - east }
    if (Math.max(Math.abs(north), Math.abs(east)) < NEAR_ENOUGH) break
  }
  return found
}

/** A place of ours in the system that something is drawn in. */
export const inSystem = (spot: Spot, system: string): Spot =>
  system === 'gcj02' ? toGcj02(spot) : spot

/** A place of that system as it is kept: seven digits are a centimetre. */
export function fromSystem(spot: Spot, system: string): Spot {
  if (system !== 'gcj02') return spot
  const { latitude, longitude } = toWgs84(spot)
  return { latitude: round(latitude), longitude: round(longitude) }
}

function isOutside({ latitude, longitude }: Spot): boolean {
  const [west, east, south, north] = WITHIN
  return longitude < west || longitude > east || latitude < south || latitude > north
}

/** Degrees north and east. */
function shiftOf({ latitude, longitude }: Spot): [number, number] {
  const x = longitude - 105
  const y = latitude - 35
  const root = Math.sqrt(Math.abs(x))
  const both = (20 * wave(6 * x) + 20 * wave(2 * x)) * (2 / 3)
  const north_m =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both +
    (20 * wave(y) + 40 * wave(y / 3)) * (2 / 3) +
    (160 * wave(y / 12) + 320 * wave(y / 30)) * (2 / 3)
  const east_m =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both +
    (20 * wave(x) + 40 * wave(x / 3)) * (2 / 3) +
    (150 * wave(x / 12) + 300 * wave(x / 30)) * (2 / 3)
  const angle = radians(latitude)
  const bend = 1 - ECCENTRICITY_2 * Math.sin(angle) ** 2
  const meridian_m = (AXIS_M * (1 - ECCENTRICITY_2)) / bend ** 1.5
  const parallel_m = (AXIS_M / Math.sqrt(bend)) * Math.cos(angle)
  return [degrees(north_m / meridian_m), degrees(east_m / parallel_m)]
}

const wave = (turns: number) => Math.sin(turns * Math.PI)
const radians = (value: number) => (value * Math.PI) / 180
const degrees = (value: number) => (value * 180) / Math.PI
const round = (value: number) => Math.round(value * 1e7) / 1e7
