/**
 * Deciding about incidents: which copy is the newer one, which comes first, what needs a hand.
 * Pure; no requests, no clocks, no words for people.
 */
import type { Alarm, Incident } from '../api/types'

/** An incident and the stream position at which we learned of it. */
export interface Known {
  readonly incident: Incident
  readonly seq: number
}

export type Book = ReadonlyMap<string, Known>

/** Closed ones are remembered so that a late, older event cannot bring them back. */
const CLOSED_KEPT = 200

/** Kinds that do not keep ringing. Anything else, also a kind we have never heard of, does. */
const SOFT_KINDS: ReadonlySet<string> = new Set([
  'loitering',
  'cancel',
  'test',
  'rota_gap',
  'camera_fault',
])
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

/** Another has signed for it, and this person must still confirm that they know. */
export function asks(incident: Incident, username: string | null): boolean {
  return username !== null && isOpen(incident) && incident.asked.includes(username)
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

/** The most urgent kinds first. A kind we have never heard of stands with a call for help. */
const KIND_RANKS: Readonly<Record<string, number>> = {
  duress: 0,
  fire: 1,
  medical: 2,
  panic: 2,
  missing: 3,
  other: 3,
  unattended: 4,
  loitering: 5,
  rota_gap: 5,
  camera_fault: 5,
  cancel: 5,
  test: 6,
}
const UNHEARD_OF_RANK = 2

/** How urgent what was pressed is: the worst of all that is gathered in the incident. */
export function kindRank(incident: Incident): number {
  const kinds = [incident.kind, ...Object.keys(incident.alarm_kinds)]
  return Math.min(...kinds.map((kind) => KIND_RANKS[kind] ?? UNHEARD_OF_RANK))
}

/** Alarms that the incident rings for: a loitering that opened it is none of them. */
function ringingAlarms(incident: Incident): Alarm[] {
  const loud = incident.alarms.filter((alarm) => !SOFT_KINDS.has(alarm.kind))
  return loud.length > 0 ? loud : incident.alarms
}

/** When it rang last, ms: its newest press. That nobody came and it was called again is no press. */
export function rangAt(incident: Incident): number {
  const times = ringingAlarms(incident).map((alarm) => Date.parse(alarm.received_at))
  return times.length > 0 ? Math.max(...times) : Date.parse(incident.opened_at)
}

/** Since when somebody waits for a signature: the first press that nobody has signed for. RFC 3339. */
export function waitingSince(incident: Incident): string {
  const signed_ms = Date.parse(incident.acknowledged?.at ?? '') || 0
  const ringing = ringingAlarms(incident)
  const waiting = ringing
    .map((alarm) => alarm.received_at)
    .filter((at) => Date.parse(at) > signed_ms)
    .sort((a, b) => Date.parse(a) - Date.parse(b))
  // The list holds the newest alarms: the first may lie before them. Rather too long than too short.
  const cut = incident.alarm_count > incident.alarms.length && ringing.length === incident.alarms.length
  const first = cut && signed_ms === 0 ? undefined : waiting[0]
  return first ?? incident.acknowledged?.at ?? incident.opened_at
}

/**
 * Most urgent first. Of unsigned ones that are equally urgent, the one pressed last: whoever calls
 * now must not lie under a pile; who waits longest is told by the waiting clock. Of those signed
 * for, the oldest.
 */
export function byUrgency(a: Incident, b: Incident): number {
  const sameClass = urgencyClass(a) - urgencyClass(b)
  if (sameClass !== 0) return sameClass
  const order = kindRank(a) - kindRank(b) || a.priority - b.priority
  if (order !== 0) return order
  const age = needsSigning(a)
    ? rangAt(b) - rangAt(a)
    : Date.parse(a.opened_at) - Date.parse(b.opened_at)
  return age || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
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
