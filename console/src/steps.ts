/**
 * Which step is the one to take now, which others there are, and what each needs to be told.
 * Pure; the server says in `allowed` what this person may do, and nothing here offers more.
 */
import type { Incident, IncidentDetail, TimelineItem } from './api/types'
import type { Key } from './i18n'
import { needsSigning } from './state/incidents'

/** Fields a step may ask for. `to` is a person or a unit, `into` another incident. */
export type Field = 'note' | 'reason' | 'to' | 'until' | 'outcome' | 'into' | 'alarms'

export interface Form {
  fields: readonly Field[]
  /** Those without which it is not sent. */
  required: readonly Field[]
  /** What its free text is called. */
  label: Key
}

const NOTHING: Form = { fields: [], required: [], label: 'field.note' }
const REASON: Form = { fields: ['reason'], required: ['reason'], label: 'field.reason' }

export const FORMS: Record<string, Form> = {
  acknowledge: NOTHING,
  verify: { fields: ['note'], required: ['note'], label: 'field.verifyNote' },
  dispatch: { fields: ['to'], required: ['to'], label: 'field.to' },
  'set-out': NOTHING,
  arrive: NOTHING,
  resume: NOTHING,
  'make-real': NOTHING,
  respond: { fields: ['note'], required: ['note'], label: 'field.respondNote' },
  close: { fields: ['outcome', 'note'], required: ['outcome', 'note'], label: 'field.closeNote' },
  review: { fields: ['note'], required: [], label: 'field.reviewNote' },
  return: REASON,
  reassign: { fields: ['to', 'reason'], required: ['to', 'reason'], label: 'field.reason' },
  suspend: { fields: ['until', 'reason'], required: ['until', 'reason'], label: 'field.reason' },
  supervise: { fields: ['note'], required: [], label: 'field.note' },
  merge: { fields: ['into', 'reason'], required: ['into', 'reason'], label: 'field.reason' },
  split: { fields: ['alarms', 'reason'], required: ['alarms', 'reason'], label: 'field.reason' },
  reopen: REASON,
}

/** Steps on the way to another one: while they are awaited, they are the thing to do. */
const ON_THE_WAY: ReadonlySet<string> = new Set(['set-out', 'arrive', 'resume'])

/** The order in which the other steps are offered; the rarest last. */
const BESIDE = [
  'respond',
  'set-out',
  'arrive',
  'resume',
  'close',
  'dispatch',
  'reassign',
  'return',
  'suspend',
  'supervise',
  'merge',
  'split',
  'reopen',
] as const

/** The one thing to do now, whoever may do it; null when nothing is left. */
export function awaitedStep(incident: Incident): string | null {
  if (incident.merged_into !== null) return null
  if (needsSigning(incident)) return 'acknowledge'
  const due = incident.next?.due_for ?? null
  if (due !== null && ON_THE_WAY.has(due)) return due
  return incident.next?.action ?? null
}

/** The step of the large button: the awaited one, as far as this person may take it. */
export function primaryStep(incident: IncidentDetail): string | null {
  const awaited = awaitedStep(incident)
  if (awaited === null || incident.allowed.includes(awaited)) return awaited
  // Who may not record that others set out may still record what they did.
  const usual = incident.next?.action ?? null
  return usual !== null && incident.allowed.includes(usual) ? usual : awaited
}

/** All else this person may do now, beside what is offered already. A note has a place of its own; so has the key for real. */
export function otherSteps(incident: IncidentDetail, offered: readonly (string | null)[]): string[] {
  return BESIDE.filter((step) => !offered.includes(step) && incident.allowed.includes(step)).filter(
    // one alarm alone cannot be taken apart
    (step) => step !== 'split' || incident.alarm_count > 1,
  )
}

export interface Due {
  /** What is waited for: a step of the API's. */
  step: string
  at: string
  /** Milliseconds left; negative once it has passed. */
  left_ms: number
  level: 'calm' | 'soon' | 'over'
}

/** From here on the countdown is told loudly. */
const SOON_MS = 60_000

/** What is due on this incident; null when nothing is. */
export function dueOf(incident: Incident, now_ms: number): Due | null {
  const next = incident.next
  if (next === null || next.due_at === null) return null
  const left_ms = Date.parse(next.due_at) - now_ms
  // The server moves the due time on when it has passed; that it did is in `overdue`.
  const over = left_ms < 0 || incident.overdue > 0
  const level = over ? 'over' : left_ms < SOON_MS ? 'soon' : 'calm'
  return { step: next.due_for ?? next.action, at: next.due_at, left_ms, level }
}

/** 2:05, 1:02:05; the sign is told in words beside it. */
export function countdown(left_ms: number): string {
  const total_s = Math.floor(Math.abs(left_ms) / 1000)
  const two = (n: number) => String(n).padStart(2, '0')
  const h = Math.floor(total_s / 3600)
  const rest = `${two(Math.floor(total_s / 60) % 60)}:${two(total_s % 60)}`
  return h > 0 ? `${h}:${rest}` : rest
}

/** Who is at it now: whoever was sent, else whoever has signed. */
export function holderOf(incident: Incident): string | null {
  const { responder } = incident
  if (responder !== null) {
    const people = responder.people.map((person) => person.display_name)
    return people.length > 0 ? people.join('、') : responder.to
  }
  return incident.acknowledged?.by ?? null
}

/** What one step of the bar bears: its time, and the times on the way from it to the next. */
export function stageTimes(incident: Incident): Record<string, string | null> {
  const { times } = incident
  return {
    reported: incident.opened_at,
    verified: times.verified,
    dispatched: times.dispatched,
    responded: times.responded,
    closed: times.closed,
    reviewed: times.reviewed,
  }
}

/** Whether sirens or loudspeakers of this incident were told to sound, and not switched off since. */
export function isSounding(incident: IncidentDetail): boolean {
  const last = incident.timeline
    .filter((item) => item.type === 'silenced' || switchesSound(item))
    .at(-1)
  return last !== undefined && last.type === 'told' && last.data['on'] !== false
}

/** `sent` only: that a device says later what it did is no new command. */
function switchesSound({ type, data }: TimelineItem): boolean {
  const sounds = data['kind'] === 'siren' || data['kind'] === 'loudspeaker'
  return type === 'told' && sounds && data['state'] === 'sent'
}

/**
 * Of those under way, most urgent first: the one to turn to. What is overdue comes before what has
 * time, real before drill, and what is suspended waits.
 */
export function nextToDo(open: readonly Incident[], now_ms: number): Incident | undefined {
  const waiting = open.filter((one) => one.next !== null && one.suspended_until === null)
  const real = waiting.filter((one) => !one.drill)
  const over = (one: Incident) => dueOf(one, now_ms)?.level === 'over'
  return real.find(over) ?? real[0] ?? waiting.find(over) ?? waiting[0] ?? open[0]
}
