/** The household net: places, groups, households, sheets, coverage, directory. Shapes and calls. */
import type { Client } from './client'

export interface TreeGroup {
  id: string
  name: string
  /** In the net. */
  households: number
  leader_household_id: string | null
  retired: boolean
}

export interface TreeGrid {
  id: string
  name: string
  groups: TreeGroup[]
}

export interface TreeEstate {
  id: string
  name: string
  property_company: string | null
}

export interface TreeVillage {
  id: string
  name: string
  households_total: number | null
  grids: TreeGrid[]
  estates: TreeEstate[]
}

export interface RegistryDevice {
  id: string
  kind: string
  state: string
  online: boolean | null
  heard_at: string | null
  tested_at: string | null
  /** As the device said: 0 to 1. */
  battery: unknown
  /** dBm. */
  rssi: unknown
  fw: unknown
}

export interface FurtherPerson {
  name: string
  phone: string
  relation: string
}

export interface Contact {
  masked: boolean
  name: string
  phone: string
  address: string
  health: string
  further: FurtherPerson[]
}

/** How a household is told of a neighbour's call. */
export const WAYS_TOLD = ['button', 'phone', 'both'] as const
export type ToldBy = (typeof WAYS_TOLD)[number]

export interface Household {
  id: string
  label: string
  village: string
  grid: string
  group: string
  group_name: string
  estate: string | null
  latitude: number | null
  longitude: number | null
  wants_notices: boolean
  /** By which way, when it wants to be. */
  told_by: ToldBy
  role: 'leader' | 'member'
  in_net: boolean
  left_at: string | null
  erased_at: string | null
  covered: boolean
  contact: Contact | null
  devices: RegistryDevice[]
}

export interface RegistryChange {
  at: string
  actor: string
  /** Empty for machines and the command line. */
  actor_name: string
  change: string
  label_zh: string
  label_en: string
  data: Record<string, unknown>
  /** What the ids in `data` are called now, by its fields. */
  names: Record<string, string>
}

export interface Group {
  id: string
  name: string
  grid: { id: string; name: string }
  village: { id: string; name: string }
  /** The household of the 联户长. */
  leader: string | null
  retired_at: string | null
  warnings: string[]
  members: Household[]
  /** Of the whole group, such as its siren. */
  devices: RegistryDevice[]
  history: RegistryChange[]
}

export interface Written {
  outcome: 'created' | 'changed' | 'unchanged'
  warnings: string[]
}

export interface HouseholdPage {
  items: Household[]
  total: number
  next: string | null
}

/** What a list of households is narrowed to; '' is no narrowing. */
export interface Wanted {
  village: string
  grid: string
  group: string
  estate: string
  search: string
  /** Those that left too. */
  gone: boolean
}

/** Only what changes; a personal field that is left out stays as it is. */
export interface HouseholdChange {
  group: string
  label: string
  estate?: string | null
  latitude?: number | null
  longitude?: number | null
  wants_notices?: boolean
  told_by?: ToldBy
  contact?: Partial<Omit<Contact, 'masked'>>
}

export interface SheetProblem {
  sheet: string
  row: number | null
  column: string
  cell: string
  value: string
  why_zh: string
  why_en: string
  mend_zh: string
  mend_en: string
}

export interface SheetCounts {
  created: number
  changed: number
  unchanged: number
}

export interface ImportReport {
  ok: boolean
  applied: boolean
  counts: SheetCounts
  by_entity: Record<string, SheetCounts>
  problems: SheetProblem[]
  problems_total: number
  warnings: SheetProblem[]
  warnings_total: number
}

export interface VillageCoverage {
  id: string
  name: string
  total: number | null
  enrolled: number
  covered: number
  /** 0 to 1; null where the total is not known. */
  rate: number | null
  model_village: boolean
  boundary: unknown
}

export interface Coverage {
  model_village: number
  items: VillageCoverage[]
}

const ROOT = '/registry'
const household = (id: string) => `${ROOT}/households/${encodeURIComponent(id)}`
const group = (id: string) => `${ROOT}/groups/${encodeURIComponent(id)}`
const withReason = (path: string, reason: string) =>
  `/api/v1${ROOT}/${path}?reason=${encodeURIComponent(reason)}`

export const readTree = async (client: Client) =>
  (await client.get<{ villages: TreeVillage[] }>(`${ROOT}/tree`)).villages

export function readHouseholds(client: Client, wanted: Wanted, after: string, limit: number) {
  const query = new URLSearchParams({ limit: String(limit) })
  for (const name of ['village', 'grid', 'group', 'estate', 'search'] as const) {
    if (wanted[name] !== '') query.set(name, wanted[name])
  }
  if (wanted.gone) query.set('gone', '1')
  if (after !== '') query.set('after', after)
  return client.get<HouseholdPage>(`${ROOT}/households?${query}`)
}

export const readHousehold = (client: Client, id: string) =>
  client.get<{ household: Household; history: RegistryChange[] }>(household(id))

/** In the clear; who asked and why goes into the audit. */
export const unmask = async (client: Client, id: string, reason: string) =>
  (await client.change<{ contact: Contact | null }>('POST', `${household(id)}/unmask`, { reason }))
    .contact

/** An id that is in use is refused where a new household is added. */
export const saveHousehold = (client: Client, id: string, change: HouseholdChange, isNew: boolean) =>
  client.change<Written>('PUT', isNew ? `${household(id)}?new=1` : household(id), change)

export const moveHousehold = (client: Client, id: string, to: string) =>
  client.change<Written>('POST', `${household(id)}/move`, { group: to })

export const leaveNet = (client: Client, id: string) =>
  client.change<Written>('POST', `${household(id)}/leave`)

export const eraseHousehold = (client: Client, id: string, reason: string) =>
  client.change<Written>('POST', `${household(id)}/erase`, { reason })

export const householdFile = (id: string) => `/api/v1${household(id)}/export`

export const readGroup = (client: Client, id: string) => client.get<Group>(group(id))

export const saveGroup = (
  client: Client,
  id: string,
  change: { grid: string; name: string; leader?: string | null },
) => client.change<Written>('PUT', group(id), change)

export const moveGroup = (client: Client, id: string, grid: string) =>
  client.change<Written>('POST', `${group(id)}/move`, { grid })

export const splitGroup = (
  client: Client,
  id: string,
  into: { id: string; name: string },
  households: string[],
) => client.change<Written>('POST', `${group(id)}/split`, { into, households })

export const mergeGroup = (client: Client, id: string, into: string) =>
  client.change<Written>('POST', `${group(id)}/merge`, { into })

/** What is left out, such as its boundary, stays as it is. */
export const saveVillage = (
  client: Client,
  id: string,
  change: { name: string; households_total: number | null },
) => client.change<Written>('PUT', `${ROOT}/villages/${encodeURIComponent(id)}`, change)

export const readCoverage = (client: Client) =>
  client.get<Coverage>(`${ROOT}/coverage?boundary=1`)

export function importSheet(
  client: Client,
  file: { name: string; content: ArrayBuffer },
  dryRun: boolean,
) {
  const type = /\.csv$/i.test(file.name)
    ? 'text/csv'
    : 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
  const query = new URLSearchParams({ dry_run: dryRun ? '1' : '0', filename: file.name })
  return client.upload<ImportReport>(`${ROOT}/import?${query}`, file.content, type)
}

export const TEMPLATE_FILE = `/api/v1${ROOT}/template.xlsx`
export const SHEETS = ['export.xlsx', 'households.csv', 'villages.csv', 'devices.csv'] as const
export type SheetFile = (typeof SHEETS)[number]
export const sheetFile = (file: SheetFile, reason: string) => withReason(file, reason)

export const directoryPage = (village: string, reason: string) =>
  withReason(`directory/${encodeURIComponent(village)}`, reason)
export const directoryPdf = (village: string, reason: string) =>
  withReason(`directory/${encodeURIComponent(village)}.pdf`, reason)
