/** Gathering who was told: by kind, with how many stand where. Pure. */
import type { Told } from './api/types'

export interface ToldGroup {
  kind: string
  rows: Told[]
  /** How many rows have which state; what went wrong first. */
  counts: [state: string, count: number][]
}

const KINDS = ['person', 'webhook', 'member', 'siren', 'loudspeaker']
const WORST_FIRST = [
  'failed',
  'unattended',
  'planned',
  'sent',
  'delivered',
  'read',
  'answered',
  'cancelled',
]

/** To whom an officer may have it said once more; sirens and loudspeakers are the plan's. */
const AGAIN: ReadonlySet<string> = new Set(['person', 'member', 'webhook'])
/** Those who have not answered. What is on its way is hurried only where it has failed before. */
const UNANSWERED: ReadonlySet<string> = new Set(['failed', 'unattended', 'sent', 'delivered'])

export function mayBeToldAgain(one: Told): boolean {
  if (!AGAIN.has(one.kind)) return false
  return UNANSWERED.has(one.state) || (one.state === 'planned' && one.error !== null)
}

export function isTrouble(state: string): boolean {
  return state === 'failed' || state === 'unattended'
}

const rank = (order: readonly string[], word: string) => {
  const at = order.indexOf(word)
  return at < 0 ? order.length : at
}

/** A second ring tells everybody again: of each target and way, what is known of the last telling. */
function newestOfEach(told: readonly Told[]): Told[] {
  const found = new Map<string, Told>()
  for (const one of told) {
    const key = JSON.stringify([one.kind, one.target, one.way])
    const before = found.get(key)
    if (before === undefined || Date.parse(one.at) >= Date.parse(before.at)) found.set(key, one)
  }
  return [...found.values()]
}

export function toldGroups(all: readonly Told[]): ToldGroup[] {
  const told = newestOfEach(all)
  const kinds = [...new Set(told.map((one) => one.kind))].sort(
    (a, b) => rank(KINDS, a) - rank(KINDS, b),
  )
  return kinds.map((kind) => {
    const rows = told
      .filter((one) => one.kind === kind)
      .sort((a, b) => rank(WORST_FIRST, a.state) - rank(WORST_FIRST, b.state))
    const counts = new Map<string, number>()
    for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1)
    return { kind, rows, counts: [...counts] }
  })
}
