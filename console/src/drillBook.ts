/** Which drills belong into a ledger. Pure. */
import type { Period } from './api/ledgers'
import type { Drill } from './api/quiet'
import { dayOf } from './format'

/** Those that began within the period (both days are in it), newest first. */
export function heldIn(drills: readonly Drill[], period: Period, timeZone: string): Drill[] {
  return drills
    .filter(({ begin }) => {
      const day = dayOf(Date.parse(begin), timeZone)
      return day >= period.from && day <= period.to
    })
    .sort((a, b) => Date.parse(b.begin) - Date.parse(a.begin))
}
