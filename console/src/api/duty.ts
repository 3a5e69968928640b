/** The duty room: posts, rota, teams, hand-over; who could be sent. Shapes and their calls. */
import type { Client } from './client'
import type { Open, Person } from './types'

export interface Post {
  id: string
  name: string
  role: string
  villages: string[]
  must_be_manned: boolean
  hours: string | null
  people: Person[]
  absent: Person[]
  until: string | null
  next: { from: string; people: Person[] } | null
  is_gap: boolean
}

export interface Gap {
  post: string
  name: string
  from: string
  until: string
  absent: Person[]
}

export interface Absence {
  id: string
  username: string
  display_name: string
  from: string
  until: string
  reason: string | null
  note: string | null
}

export interface Member {
  username: string | null
  name: string
  phone: string | null
}

export interface Team {
  id: string
  name: string
  villages: string[]
  active: boolean
  until: string | null
  free: boolean
  incident: string | null
  members: Member[]
}

export interface Officer {
  village: string
  village_name: string
  username: string | null
  name: string
  phone: string | null
  unit: string
}

export interface DutyNow {
  at: string
  /** `uncovered`: villages that nobody at a console covers; "*": all of them. */
  chair: { attended: boolean; uncovered: string[] }
  posts: Post[]
  gaps: Gap[]
  absences: Absence[]
  teams: Team[]
  officers: Officer[]
}

export interface Override {
  id: string
  post: string
  from: string
  until: string
  username: string | null
  replaces: string | null
  reason: string
}

export interface Proposal {
  rank: number
  sort: Open<'team' | 'village-officer'>
  id: string
  name: string
  dispatch_to: string
  active: boolean
  free: boolean | null
  incident: string | null
  fit: Open<'grid' | 'village' | 'elsewhere'>
  distance_m: number | null
  until: string | null
  members: Member[]
  reasons: string[]
}

export interface Signature extends Person {
  at: string
}

export interface Handover {
  id: string
  state: Open<'drafted' | 'signed'>
  outgoing: Signature
  incoming: Signature | null
  sheet: HandoverSheet | null
  since: { notes: string; opened: string[]; ended: string[] } | null
}

export interface HandoverSheet {
  notes: string
  incidents: {
    id: string
    number: string
    stage: string
    priority: number
    kind: string
    place: string
    opened_at: string
    acknowledged_by: string | null
    sent: string | null
  }[]
  cameras_down: { id: string; name: string; reason: string }[]
  duty: { post: string; people: string[]; absent: string[] }[]
  chains: { chain: string; writer: string; number: number; link: string }[]
}

interface List<T> {
  items: T[]
}

const at = (...parts: string[]) => parts.map((part) => `/${encodeURIComponent(part)}`).join('')

export const dutyNow = (client: Client) => client.get<DutyNow>('/duty')

export const overrides = async (client: Client) =>
  (await client.get<List<Override>>('/duty/overrides')).items

export const addEntry = (client: Client, noun: 'overrides' | 'absences', body: object) =>
  client.change('POST', `/duty/${noun}`, body)

export const removeEntry = (client: Client, noun: 'overrides' | 'absences', id: string) =>
  client.change('DELETE', `/duty/${noun}${at(id)}`)

export const proposals = async (client: Client, incident: string) =>
  (await client.get<List<Proposal>>(`/incidents${at(incident)}/proposals`)).items

export const handovers = async (client: Client) =>
  (await client.get<List<Handover>>('/handover?limit=20')).items

export const handover = (client: Client, id: string) =>
  client.get<Handover>(`/handover${at(id)}`)

export const draftHandover = (client: Client, notes: string) =>
  client.change<Handover>('POST', '/handover', { notes })

export const signHandover = (client: Client, id: string, notes: string) =>
  client.change<Handover>('POST', `/handover${at(id)}/sign`, { notes })

export const handoverPage = (id: string) => `/api/v1/handover${at(id)}.html`
