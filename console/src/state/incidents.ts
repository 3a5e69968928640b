/**
 * Deciding about incidents: which copy is the newer one, which comes first, what needs a hand.
 * Pure; no requests, no clocks, no words for people.
 */
import type { Incident } from '../api/types'

/** An incident and the stream position at which we learned of it. */
export interface Known {
  readonly incident: Incident
  readonly seq: number
}

export type Book = ReadonlyMap<string, Known>

/** Closed ones are remembered so that a late, older event cannot bring them back. */
const CLOSED_KEPT = 200

/** Kinds that do not keep ringing. Anything else, also a kind we have never heard of, does. */
const SOFT_KINDS: ReadonlySet<string> = new Set(['loitering', 'cancel', 'test', 'rota_gap'])
/** The only kinds that a rule may mute (`ring` 0). A muted press could only be a mistake: it rings. */
const MUTABLE_KINDS: ReadonlySet<string> = new Set(['loitering'])

export function isOpen(incident: Incident): boolean {
  return incident.stage !== 'closed' && incident.stage !== 'reviewed'
}

export function isLifeSafety(incident: Incident): boolean {
  return !SOFT_KINDS.has(incident.kind)
}

/** On the board, and never to sound. */
export function isMuted(incident: Incident): boolean {
  return incident.ring === 0 && MUTABLE_KINDS.has(incident.kind)
}

/** Nobody has taken it, or a new press wants it to be taken again. */
export function needsSigning(incident: Incident): boolean {
  if (!isOpen(incident)) return false
  return incident.acknowledged === null || incident.next?.action === 'acknowledge'
}

export function isNewer(current: Known | undefined, incident: Incident, seq: number): boolean {
  if (current === undefined) return true
  if (incident.version !== current.incident.version) {
    return incident.version > current.incident.version
  }
  return seq >= current.seq
}

/** The book with `incident` in it, or the same book when it already knows better. */
export function merge(book: Book, incident: Incident, seq: number): Book {
  const current = book.get(incident.id)
  if (!isNewer(current, incident, seq)) return book
  const next = new Map(book)
  next.set(incident.id, { incident, seq: Math.max(seq, current?.seq ?? 0) })
  return prune(next)
}

/**
 * The book after all open incidents were read afresh at stream position `position`.
 * What is missing from the list is gone, unless an event newer than the list spoke of it.
 */
export function replaceOpen(book: Book, open: readonly Incident[], position: number): Book {
  const next = new Map<string, Known>()
  for (const [id, known] of book) {
    if (known.seq > position || !isOpen(known.incident)) next.set(id, known)
  }
  for (const incident of open) {
    const known = book.get(incident.id)
    if (known !== undefined && known.incident.version > incident.version) next.set(incident.id, known)
    else if (isNewer(next.get(incident.id), incident, position)) {
      next.set(incident.id, { incident, seq: position })
    }
  }
  return prune(next)
}

/** Whether `open` holds anything the book does not know yet. */
export function bringsNews(book: Book, open: readonly Incident[]): boolean {
  return open.some((incident) => {
    const known = book.get(incident.id)
    return known === undefined || incident.version > known.incident.version
  })
}

function prune(book: Map<string, Known>): Book {
  const closed = [...book.values()].filter((known) => !isOpen(known.incident))
  for (const known of closed.slice(0, Math.max(0, closed.length - CLOSED_KEPT))) {
    book.delete(known.incident.id)
  }
  return book
}

/**
 * 0 unsigned life-safety, 1 unsigned other, 2 unsigned drill, 3 taken and under way, 4 taken drill,
 * 5 muted by a rule, 6 suspended.
 */
export function urgencyClass(incident: Incident): number {
  if (needsSigning(incident)) {
    if (isMuted(incident)) return 5
    if (incident.drill) return 2
    return isLifeSafety(incident) ? 0 : 1
  }
  if (incident.suspended_until !== null) return 6
  return incident.drill ? 4 : 3
}

/**
 * Most urgent first. Within one class the one that has waited longest comes first: that is fair,
 * and a newcomer never takes the place of the one the officer's finger is already on.
 */
export function byUrgency(a: Incident, b: Incident): number {
  return (
    urgencyClass(a) - urgencyClass(b) ||
    a.priority - b.priority ||
    Date.parse(a.opened_at) - Date.parse(b.opened_at) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

export function openByUrgency(book: Book): Incident[] {
  return [...book.values()]
    .map((known) => known.incident)
    .filter(isOpen)
    .sort(byUrgency)
}

/** Whether a call back, or any sound near the household, could harm somebody. */
export function mustStayQuiet(incident: Incident): boolean {
  return (
    incident.silent ||
    incident.kind === 'duress' ||
    incident.alarms.some((alarm) => alarm.silent || alarm.kind === 'duress')
  )
}

/** What is odd about it, each word once: flags of all its alarms and its own marks. */
export function flagsOf(incident: Incident): string[] {
  const flags = new Set(incident.alarm_flags)
  if (incident.silent || incident.alarms.some((alarm) => alarm.silent)) flags.add('silent')
  if (incident.cancel_claimed) flags.add('cancel_claimed')
  return [...flags].sort()
}
