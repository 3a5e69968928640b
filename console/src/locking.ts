/**
 * The locked screen: what it may show of incidents, and when it locks itself. Pure.
 *
 * The server sends a locked session no more than this; here the page forgets what it was sent before.
 */
import type { Incident } from './api/types'
import { type Book, isLifeSafety, isMuted, type Known, needsSigning } from './state/incidents'

/** So long before it locks itself the page says so. */
export const WARNED_MS = 30_000

/** Of an incident: that it is there, its kind, its village and group, and how it must sound. */
export function hiddenIncident(incident: Incident, username: string | null): Incident {
  const nowhere = { village: null, grid: null, group: null, household: null }
  const untold = {
    acknowledged: null,
    verified: null,
    dispatched: null,
    set_out: null,
    arrived: null,
    responded: null,
    closed: null,
    reviewed: null,
  }
  const { acknowledged, next, place } = incident
  return {
    ...incident,
    number: '',
    place: { ...place, household: null },
    place_ids: nowhere,
    acknowledged: acknowledged === null ? null : { by: '', username: '', at: acknowledged.at },
    alarms: [],
    alarm_households: 0,
    alarm_flags: [],
    callers: [],
    caller_count: 0,
    cameras: [],
    evidence: [],
    evidence_count: 0,
    next: next === null ? null : { ...next, due_at: null, due_for: null },
    called: [],
    called_count: 0,
    asked: incident.asked.filter((one) => one === username),
    informed: [],
    outcome: null,
    times: untold,
    responder: null,
    supervised: null,
    merged_into: null,
    station: null,
  }
}

export function hiddenBook(book: Book, username: string | null): Book {
  const hidden = ([id, known]: [string, Known]): [string, Known] => [
    id,
    { ...known, incident: hiddenIncident(known.incident, username) },
  ]
  return new Map([...book].map(hidden))
}

/** So that whatever the server sends next is taken as news, at the same version too. */
export function forgetful(book: Book): Book {
  const older = ([id, known]: [string, Known]): [string, Known] => [
    id,
    { ...known, incident: { ...known.incident, version: -1 } },
  ]
  return new Map([...book].map(older))
}

/** What the locked screen lists: what rings until somebody has signed for it. */
export function ringing(open: readonly Incident[]): Incident[] {
  return open.filter((one) => needsSigning(one) && isLifeSafety(one) && !isMuted(one))
}

/**
 * When the page locks itself, ms by the page's clock; null: not by itself. Never while an alarm
 * rings: whoever comes running to it is not to be asked for a password first.
 */
export function locksAt(
  touchedAt: number,
  lockAfter_s: number,
  open: readonly Incident[],
): number | null {
  if (lockAfter_s <= 0 || ringing(open).length > 0) return null
  return touchedAt + lockAfter_s * 1000
}
