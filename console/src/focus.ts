/**
 * Which incident the large panel of the board shows. Pure; what it remembers is an argument.
 *
 * Who rings for life comes first. With none of them, the panel stays with what this person has just
 * done: a note about one incident must never be written into another.
 */
import type { Incident } from './api/types'
import { kindRank, needsSigning, urgencyClass } from './state/incidents'
import { awaitedStep, nextToDo } from './steps'

/** The incident that this person has signed for, worked on or opened last, and what it then awaited. */
export interface Mine {
  id: string
  step: string | null
}

/**
 * What this person was at, as far as the incidents themselves tell: a page that was opened anew must
 * not have forgotten it. Of those signed for by them, or on which they were sent, the one that moved
 * last; a real one before a drill. What is suspended waits.
 */
export function takenUp(open: readonly Incident[], username: string): Mine | null {
  const own = open.filter(
    (one) => isUnderWay(one) && (one.acknowledged?.username === username || isSent(one, username)),
  )
  const real = own.filter((one) => !one.drill)
  const [last] = (real.length > 0 ? real : own).sort((a, b) => movedAt(b) - movedAt(a))
  return last === undefined ? null : { id: last.id, step: awaitedStep(last) }
}

const isUnderWay = (one: Incident) => !needsSigning(one) && one.suspended_until === null

const isSent = (one: Incident, username: string) =>
  one.responder?.people.some((person) => person.username === username) ?? false

/** When its newest step was taken, ms. */
function movedAt(one: Incident): number {
  const times: (string | null)[] = Object.values(one.times)
  return Math.max(Date.parse(one.acknowledged?.at ?? one.opened_at), ...times.map(msOf))
}

const msOf = (at: string | null) => (at === null ? 0 : Date.parse(at))

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
