/**
 * The shapes the server sends (docs: the HTTP API). Only shapes: no behaviour belongs here.
 *
 * Enumerated words stay open (`Open<...>`), because an older page must still show an incident whose
 * kind or stage a newer server has invented.
 */

export type Open<T extends string> = T | (string & {})

export type Stage = 'reported' | 'verified' | 'dispatched' | 'responded' | 'closed' | 'reviewed'
export type Action = 'acknowledge' | 'verify' | 'dispatch' | 'respond' | 'close' | 'review' | 'note'
export type Outcome =
  | 'real'
  | 'accidental'
  | 'false'
  | 'malicious'
  | 'duplicate'
  | 'drill'
  | 'test'

export interface Person {
  username: string
  display_name: string
}

export interface Me extends Person {
  role: string
  places: string[]
  permissions: string[]
  site: { name_zh: string; name_en: string; time_zone: string }
  demo: { button_page: string } | null
  version: string
}

export interface Place {
  village: string | null
  grid: string | null
  group: string | null
  household: string | null
}

export interface Alarm {
  id: string
  device: string
  kind: string
  received_at: string
  flags: string[]
  silent: boolean
  household: string | null
}

export interface Evidence {
  kind: string
  camera: string | null
  url: string
  sha256: string
  at: string
}

export interface Called {
  step: number
  username: string
  display_name: string
  role: string
  way: string
  at: string
  state: string
}

export interface Incident {
  id: string
  number: string
  stage: Open<Stage>
  priority: number
  kind: string
  silent: boolean
  drill: boolean
  opened_at: string
  closed_at: string | null
  place: Place
  acknowledged: { by: string; username: string; at: string } | null
  /** The newest of them: 20 in the list, 500 on its own page. */
  alarms: Alarm[]
  alarm_count: number
  alarm_kinds: Record<string, number>
  alarm_households: number
  alarm_flags: string[]
  cameras: string[]
  evidence: Evidence[]
  next: { action: Open<Action>; due_at: string | null } | null
  called: Called[]
  cancel_claimed: boolean
  outcome: string | null
  version: number
  ring: number
}

export interface TimelineItem {
  seq: number
  at: string
  type: string
  actor: Person | null
  data: Record<string, unknown>
}

export interface GroupHousehold {
  id: string
  label: string
  is_source: boolean
  device: string | null
  notice: string | null
}

export interface NearCamera {
  id: string
  name: string
  state: string
  reason: string | null
  distance_m: number | null
}

export interface PlannedAction {
  id: string
  kind: string
  target: string
  state: string
  attempts: number
  due_at: string | null
  done_at: string | null
  error: string | null
}

export interface IncidentDetail extends Incident {
  timeline: TimelineItem[]
  household: {
    id: string
    label: string
    address: string | null
    contact_name: string | null
    contact_phone: string | null
  } | null
  group: { id: string; name: string; households: GroupHousehold[] } | null
  cameras_near: NearCamera[]
  actions: PlannedAction[]
  decisions: { stage: string; matched: boolean; reason: string }[]
}

export interface Camera {
  id: string
  name: string
  village: string | null
  state: string
  reason: string | null
  detail: string | null
  since: string | null
  frames_per_s: number | null
  analysed_per_s: number
  shedding: boolean
  newest_frame_age_s: number | null
  zones: { name: string; kind: string; dwell_s: number | null; armed: unknown }[]
}

export interface Part {
  state: string
  since: string | null
  detail: string | null
}

export interface System {
  intake: Part
  store: Part
  broker: { kind: string }
  cameras: { watching: number; down: number; connecting: number }
  console: { attended: boolean; officers: number }
  sse_position: number
}

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface StepBody {
  note?: string
  outcome?: string
  to?: string
}
