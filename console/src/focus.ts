/**
 * Which incident the large panel of the board shows. Pure; what it remembers is an argument.
 *
 * Who rings for life comes first. With none of them, the panel stays with what this person has just
 * done: a note about one incident must never be written into another.
 */
import type { Incident } from './api/types'
import { kindRank, urgencyClass } from './state/incidents'
import { awaitedStep, nextToDo } from './steps'

/** The incident that this person has signed for, worked on or opened last, and what it then awaited. */
export interface Mine {
  id: string
  step: string | null
}

/** What the panel showed until now, and since when. */
export interface Shown {
  id: string
  since_ms: number
}

/** An equally urgent newcomer waits this long: a storm of presses must leave time for the key. */
const HOLD_MS = 4_000

/** `open`: most urgent first. Undefined when nothing is under way. */
export function inFocus(
  open: readonly Incident[],
  mine: Mine | null,
  shown: Shown | null,
  now_ms: number,
): Incident | undefined {
  const ringing = open.filter((one) => urgencyClass(one) === 0)
  const first = ringing[0]
  if (first !== undefined) {
    const held = ringing.find((one) => one.id === shown?.id)
    const isFresh = shown !== null && now_ms - shown.since_ms < HOLD_MS
    return held !== undefined && isFresh && kindRank(held) <= kindRank(first) ? held : first
  }
  const own = open.find((one) => one.id === mine?.id)
  const isAwaited = own !== undefined && mine !== null && awaitedStep(own) === mine.step
  if (isAwaited && own.suspended_until === null) return own
  const unsigned = open.find((one) => urgencyClass(one) < 3)
  return unsigned ?? nextToDo(open, now_ms) ?? open[0]
}
