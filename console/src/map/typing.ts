/** Places and fields of view as people type them. Pure. */
import { fromSystem } from './gcj02'
import type { Spot, View } from './geometry'

/** A field of view while it is typed. */
export interface ViewTyped {
  bearing: string
  angle: string
  range_m: string
}

/** Both numbers; null where one is missing or none. */
export function spotTyped(latitude: string, longitude: string): Spot | null {
  const spot = { latitude: degrees(latitude), longitude: degrees(longitude) }
  return Number.isFinite(spot.latitude) && Number.isFinite(spot.longitude) ? spot : null
}

/** What is kept of a place typed in this system, WGS-84; what is no place stays as it was typed. */
export function keptOf(latitude: string, longitude: string, system: string): [string, string] {
  const spot = spotTyped(latitude, longitude)
  if (spot === null || system === 'wgs84') return [latitude, longitude]
  const kept = fromSystem(spot, system)
  return [String(kept.latitude), String(kept.longitude)]
}

export const typedOf = (view: View | null): ViewTyped => ({
  bearing: view?.bearing.toString() ?? '',
  angle: view?.angle.toString() ?? '',
  range_m: view?.range_m.toString() ?? '',
})

/** Whether anything of it was typed: then all of it is asked for. */
export const isBegun = (typed: ViewTyped) => Object.values(typed).some((text) => text.trim() !== '')

/** Whoever looks all round looks nowhere in particular. */
export const needsBearing = (typed: ViewTyped) => isBegun(typed) && !(degrees(typed.angle) >= 360)

/** null: nobody said. */
export function viewOf(typed: ViewTyped): View | null {
  if (!isBegun(typed)) return null
  const [bearing, angle, range_m] = [typed.bearing, typed.angle, typed.range_m].map(degrees)
  return { bearing: Number.isNaN(bearing!) ? 0 : bearing!, angle: angle!, range_m: range_m! }
}

const degrees = (text: string) => (text.trim() === '' ? NaN : Number(text))
