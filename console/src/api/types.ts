/**
 * The shapes the server sends (docs: the HTTP API). Only shapes: no behaviour belongs here.
 *
 * Enumerated words stay open (`Open<...>`), because an older page must still show an incident whose
 * kind or stage a newer server has invented.
 */

export type Open<T extends string> = T | (string & {})

export type Stage = 'reported' | 'verified' | 'dispatched' | 'responded' | 'closed' | 'reviewed'
export type Action =
  | 'acknowledge'
  | 'verify'
  | 'dispatch'
  | 'set-out'
  | 'arrive'
  | 'respond'
  | 'close'
  | 'review'
  | 'return'
  | 'reassign'
  | 'suspend'
  | 'resume'
  | 'supervise'
  | 'merge'
  | 'split'
  | 'reopen'
  | 'make-real'
  | 'note'
export type Certainty = 'possible' | 'likely' | 'observed'
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
  second_factor: {
    enrolled: boolean
    /** null: this role neither configures nor takes data out. */
    policy: 'offered' | 'required' | null
    recovery_left: number
  } | null
  /** The account ends by itself then. */
  account_ends: string | null
  /** This session's screen is locked. */
  locked: boolean
  /** The page locks itself when nobody touched it for so long; 0: never. */
  lock_after_s: number
  site: { name_zh: string; name_en: string; county: string; township: string; time_zone: string }
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
  /** Of a picture that goes with a clip: before, at or after the alarm. */
  moment: string | null
  /** Of a clip: its last picture; `at` is its first. */
  until: string | null
  press_at: string | null
  /** Why a clip is shorter than it should be. */
  cuts: string[]
  /** Who brought a photograph. */
  by: string | null
}

/** A picture or clip that is not there. */
export interface MissingEvidence {
  camera: string
  kind: string
  at: string
  why: string
  said: string
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

/** When each step was taken; null: not yet, or taken back since. */
export interface StepTimes {
  acknowledged: string | null
  verified: string | null
  dispatched: string | null
  set_out: string | null
  arrived: string | null
  responded: string | null
  closed: string | null
  reviewed: string | null
}

export interface Station {
  name: string
  state: Open<'planned' | 'delivered' | 'confirmed' | 'unconfirmed' | 'telephoned' | 'failed'>
  at: string
  /** The officer must telephone the station now. */
  telephone: boolean
  number: string | null
  error: string | null
}

/** A household (or a button without one) that pressed or was reported. */
export interface Caller {
  household: string | null
  household_id: string | null
  /** Only where no household is known. */
  device: string | null
  village: string | null
  group: string | null
  /** The most urgent of its kinds. */
  kind: string
  silent: boolean
  /** Of its newest alarm. */
  at: string
  alarms: number
}

export interface Household {
  id: string
  label: string
  address: string | null
  contact_name: string | null
  contact_phone: string | null
}

export interface MergedIncident extends OtherIncident {
  kind: string
  place: Place
}

export interface OtherIncident {
  id: string
  number: string
}

export interface Next {
  action: Open<Action>
  due_at: string | null
  /** What `due_at` waits for: `action`, or a step on the way to it (set-out, arrive, resume). */
  due_for: string | null
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
  place_ids: Place
  /** Most urgent first, the ten most urgent at most; cameras are none. */
  callers: Caller[]
  caller_count: number
  acknowledged: { by: string; username: string; at: string } | null
  /** The newest of them: 20 in the list, 500 on its own page. */
  alarms: Alarm[]
  alarm_count: number
  alarm_kinds: Record<string, number>
  alarm_households: number
  alarm_flags: string[]
  cameras: string[]
  /** The newest: 20 in the list, 200 on its own page. */
  evidence: Evidence[]
  evidence_count: number
  next: Next | null
  called: Called[]
  called_count: number
  /** Who was called and must confirm, though another has signed for it. */
  asked: string[]
  /** Who was told without having to sign. */
  informed: Called[]
  cancel_claimed: boolean
  outcome: string | null
  version: number
  /** Goes up each time it must sound again; 0: muted, it has never to sound. */
  ring: number
  times: StepTimes
  /** How often the present due time has passed. */
  overdue: number
  responder: { to: string | null; people: Person[] } | null
  /** 督办; `by` null: by itself, overdue twice. */
  supervised: { by: string | null; username: string | null; at: string } | null
  suspended_until: string | null
  merged_into: OtherIncident | null
  /** null: no station is told of it. */
  station: Station | null
  certainty: Open<Certainty>
  drill_id: string | null
  ring_style: Open<'normal' | 'soft'>
  /** One incident for a flood of camera alarms. */
  flood: boolean
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
  /** It asked for a telephone call, and one may be made. */
  telephone?: boolean
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
  household: Household | null
  /** Of the callers, in their order. */
  households: Household[]
  group: { id: string; name: string; households: GroupHousehold[] } | null
  cameras_near: NearCamera[]
  actions: PlannedAction[]
  decisions: Decision[]
  /** The steps that whoever asked may take now. */
  allowed: string[]
  merged_from: MergedIncident[]
  response_plan: IncidentPlan
  told: Told[]
}

export interface Decision {
  stage: string
  matched: boolean
  reason: string
}

export interface Told {
  kind: Open<'member' | 'siren' | 'loudspeaker' | 'webhook' | 'person'>
  target: string
  way: string
  state: string
  at: string
  error: string | null
}

export interface IncidentPlan {
  id: string
  version: number
  name: string
  items: { id: string; text: string; ticked: { by: Person; at: string } | null }[]
  contacts: { name: string; phone: string }[]
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
  /** When the newest picture came, also of a camera that is gone. */
  last_picture_at: string | null
  /** How often it came back within the last hour. */
  reconnects_per_hour: number
  /** What is wrong with its picture; null when it is well. */
  trouble: string | null
  /** Its clock minus ours, seconds, as last read; null: never told. */
  clock_skew_s: number | null
  /** It, or its place, is worked on until then. */
  maintained_until: string | null
  /** How it stands with the events of the camera itself; null: nobody listens. */
  events: { state: string; since: string; detail: string } | null
  /** Buttons wired to it whose press would not be heard. */
  dead_buttons: string[]
  /** The open incident about what is wrong with it. */
  fault: { incident: string; number: string } | null
  zones: {
    name: string
    kind: string
    dwell_s: number | null
    armed: string | null
    armed_days_off: string | null
  }[]
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
  /** Camera alarms come faster than people can look: they are grouped. */
  flood: { since: string; alarms: number } | null
  /** Devices that somebody must see to; never alarms. */
  maintenance: { open: number; overdue: number; unowned: number }
}

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface StepBody {
  note?: string
  outcome?: string
  to?: string
  reason?: string
  until?: string
  sign_for?: boolean
  into?: string
  alarms?: string[]
}
