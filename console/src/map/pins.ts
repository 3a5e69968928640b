/** Which open incident stands where on the map, how it looks, and which lies on top. Pure. */
import type { MapHousehold, MapSpot, MapVillage } from '../api/map'
import type { Incident } from '../api/types'
import { isLifeSafety, needsSigning } from '../state/incidents'
import { middleOf, type Spot } from './geometry'

export type Tone = 'urgent' | 'warn' | 'taken' | 'drill'

export interface Pin {
  incident: Incident
  spot: Spot
  /** false: somewhere in this village. */
  exact: boolean
  tone: Tone
  /** The most urgent is 0. */
  rank: number
}

export interface Known {
  spots: ReadonlyMap<string, MapSpot>
  households: ReadonlyMap<string, MapHousehold>
  villages: ReadonlyMap<string, MapVillage>
}

export function toneOf(incident: Incident): Tone {
  if (incident.drill) return 'drill'
  if (!needsSigning(incident)) return 'taken'
  return isLifeSafety(incident) ? 'urgent' : 'warn'
}

/**
 * `open` in the order of urgency; those of which nobody knows the village are not among the pins.
 * The household's own place counts first: it is known here before the server is asked.
 */
export function pinsOf(open: readonly Incident[], known: Known): Pin[] {
  return open.flatMap((incident, rank) => {
    const { household, village } = incident.place_ids
    const own =
      known.households.get(household ?? '') ??
      known.spots.get(incident.id)
    const spot = own ?? middleOf(known.villages.get(village ?? '')?.boundary)
    if (spot === null) return []
    const { latitude, longitude } = spot
    return [
      { incident, spot: { latitude, longitude }, exact: own !== undefined, tone: toneOf(incident), rank },
    ]
  })
}

/** Minutes, hours or days: what is watched for hours need not count seconds. */
export function roughAge(ms: number): { key: 'map.now' | 'map.minutes' | 'map.hours' | 'map.days'; n: number } {
  const minutes = Math.floor(Math.max(0, ms) / 60_000)
  if (minutes < 1) return { key: 'map.now', n: 0 }
  if (minutes < 60) return { key: 'map.minutes', n: minutes }
  if (minutes < 48 * 60) return { key: 'map.hours', n: Math.floor(minutes / 60) }
  return { key: 'map.days', n: Math.floor(minutes / 1440) }
}

/** Who called in an incident, and the cameras that see the place it is named for. */
export function markedOf(
  incident: Incident,
  households: ReadonlyMap<string, MapHousehold>,
): Set<string> {
  const called = [incident.place_ids.household, ...incident.callers.map((one) => one.household_id)]
  const marked = new Set(called.filter((one) => one !== null))
  const home = households.get(incident.place_ids.household ?? '')
  if (home?.sight === 'seen') for (const id of home.seen_by) marked.add(id)
  return marked
}
