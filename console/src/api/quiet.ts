/** Quiet without deafness: silences, maintenance windows, drills. Shapes and their calls. */
import type { Client } from './client'
import type { Open, Person } from './types'

export type QuietSort = 'silences' | 'maintenance'

export interface Quiet {
  id: string
  sort: string
  cameras: string[]
  villages: string[]
  layers: string[]
  devices: string[]
  kinds: string[]
  reason: string
  author: Person
  made_at: string
  begin: string
  end: string
  state: Open<'coming' | 'in-force' | 'ended'>
  ended_by: Person | null
  /** Alarms it has kept off the board; they are in the log. */
  held: number
}

export interface Drill {
  id: string
  name: string
  villages: string[]
  groups: string[]
  /** Of `groups`, in their order. */
  group_names: string[]
  devices: string[]
  begin: string
  end: string
  notice_to: string
  noticed_at: string | null
  note: string
  made_by: Person
  made_at: string
  started: { by: Person; at: string } | null
  /** `by` null: its window was over. */
  ended: { by: Person | null; at: string } | null
  state: Open<'planned' | 'running' | 'ended'>
}

export interface LedgerItem {
  device: string
  household: string | null
  label: string | null
  group: string | null
  pressed_at: string | null
  answered_at: string | null
  acknowledged_at: string | null
  acknowledged_by: Person | null
  incident: string | null
  number: string | null
  became_real: boolean
  notice: string | null
}

interface List<T> {
  items: T[]
}

const at = (...parts: string[]) => parts.map((part) => `/${encodeURIComponent(part)}`).join('')

export const windows = async (client: Client, sort: QuietSort) =>
  (await client.get<List<Quiet>>(`/${sort}`)).items

export const addWindow = (client: Client, sort: QuietSort, body: object) =>
  client.change<Quiet>('POST', `/${sort}`, body)

export const endWindow = (client: Client, sort: QuietSort, id: string) =>
  client.change<Quiet>('POST', `/${sort}${at(id)}/end`, {})

export const drills = async (client: Client) => (await client.get<List<Drill>>('/drills')).items

export const addDrill = (client: Client, body: object) => client.change<Drill>('POST', '/drills', body)

export const turnDrill = (client: Client, id: string, to: 'start' | 'end') =>
  client.change<Drill>('POST', `/drills${at(id)}/${to}`, {})

export const ledger = (client: Client, id: string) =>
  client.get<{ drill: Drill; items: LedgerItem[] }>(`/drills${at(id)}/ledger`)

export const ledgerFile = (id: string) => `/api/v1/drills${at(id)}/ledger.csv`
