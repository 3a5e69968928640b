/** The duty room's own entries: posts, shifts, patrol teams, village officers. Shapes and calls. */
import type { Client } from './client'

/** Villages ("*": all of them), and grids where it is narrower. */
export interface Area {
  villages: string[]
  grids: string[]
}

export interface PostEntry extends Area {
  id: string
  name: string
  role: string
  must_be_manned: boolean
  /** "08:00-20:00"; null: day and night. */
  hours: string | null
}

export interface Pattern {
  id: string
  post: string
  start: string
  /** How long a shift lasts. */
  hours: number
  crews: string[][]
  begins_on: string
  ends_on: string | null
  /** 1 (Monday) to 7. */
  weekdays: number[]
  turn: 'shift' | 'week'
}

export interface Slot {
  hours: string
  weekdays: number[]
  /** Teams that take turns are out in every n-th week each. */
  every_weeks: number
  /** A day of a week in which it is out; null where that is every week. */
  since: string | null
}

export interface TeamEntry extends Area {
  id: string
  name: string
  slots: Slot[]
  usernames: string[]
  /** Those without an account; telephones are masked, and a masked one sent back is the kept one. */
  members: { name: string; phone: string }[]
  latitude: number | null
  longitude: number | null
}

export interface OfficerEntry {
  village: string
  username: string | null
  name: string
  phone: string
  unit: string
}

export interface NamedPerson {
  username: string
  display_name: string
  role: string
}

/** Whom and what the entries may name. */
export interface Names {
  people: NamedPerson[]
  villages: { id: string; name: string }[]
  grids: { id: string; name: string; village: string }[]
}

export interface DutySettings {
  posts: PostEntry[]
  patterns: Pattern[]
  teams: TeamEntry[]
  officers: OfficerEntry[]
  names: Names
}

export type Noun = 'posts' | 'patterns' | 'teams' | 'officers'

const one = (noun: Noun, id: string) => `/duty/${noun}/${encodeURIComponent(id)}`

export const readNames = (client: Client) => client.get<Names>('/duty/names')

export async function readDutySettings(client: Client): Promise<DutySettings> {
  const list = async <T>(noun: Noun) => (await client.get<{ items: T[] }>(`/duty/${noun}`)).items
  const [posts, patterns, teams, officers, names] = await Promise.all([
    list<PostEntry>('posts'),
    list<Pattern>('patterns'),
    list<TeamEntry>('teams'),
    list<OfficerEntry>('officers'),
    readNames(client),
  ])
  return { posts, patterns, teams, officers, names }
}

/** `id` null: a new one. A village officer's id is the village. */
export const saveEntry = (client: Client, noun: Noun, id: string | null, body: object) =>
  id === null
    ? client.change('POST', `/duty/${noun}`, body)
    : client.change('PUT', one(noun, id), body)

export const dropEntry = (client: Client, noun: Noun, id: string) =>
  client.change('DELETE', one(noun, id))
