/** Devices, their labels and their maintenance orders. Shapes and their calls. */
import type { Client } from './client'
import type { Open } from './types'

interface Named {
  id: string
  name: string | null
}

export interface Device {
  id: string
  kind: Open<'button' | 'siren' | 'loudspeaker'>
  state: Open<'planned' | 'issued' | 'enrolled' | 'revoked'>
  unsigned: boolean
  village: Named | null
  group: Named | null
  household: { id: string; label: string | null } | null
  online: boolean | null
  heard_at: string | null
  tested_at: string | null
  issued_at: string | null
  enrolled_at: string | null
  revoked_at: string | null
  /** Up to then what it had before is accepted too. */
  overlap_until: string | null
  /** ok, never-heard, unsupervised, or the worst fault that stands. */
  health: string
  faults: string[]
  /** 0 to 1. */
  battery: number | null
  /** dBm. */
  rssi: number | null
  fw: string | null
}

export interface DeviceChange {
  at: string
  actor: string
  actor_name: string
  change: string
  data: Record<string, unknown>
  names: Record<string, string>
}

/** All of what is registered of a device: what is left out would be taken away. */
export interface DeviceEntry {
  kind: string
  household: string | null
  group: string | null
  unsigned: boolean
}

export interface DeviceDetail extends Device {
  history: DeviceChange[]
}

export interface DevicePage {
  items: Device[]
  total: number
  next: string | null
}

export interface DeviceFilters {
  village: string
  group: string
  kind: string
  state: string
  health: string
  search: string
}

export interface LabelSheet {
  /** Where the page to print is; it opens once. */
  sheet: string
  expires_in_s: number
  devices: string[]
  warnings: string[]
}

export interface OrderPerson {
  username: string
  name: string
}

export interface MaintenanceOrder {
  id: string
  kind: string
  label_zh: string
  label_en: string
  /** `recovered`: the device is well again, and somebody must confirm it. */
  state: Open<'open' | 'recovered' | 'done'>
  /** null: the whole village. */
  device: string | null
  household: string | null
  household_id: string | null
  group: string | null
  group_id: string | null
  village: string | null
  village_id: string | null
  devices: number
  raised_at: string
  due_at: string
  owner: OrderPerson | null
  overdue_at: string | null
  handed_to: OrderPerson | null
  recovered_at: string | null
  done_at: string | null
  /** null: it ended by itself. */
  done_by: OrderPerson | null
  note: string | null
}

export interface OrderPage {
  items: MaintenanceOrder[]
  total: number
  next: string | null
}

export interface TreeGroup {
  id: string
  name: string
  households: number
  retired: boolean
}

/** The places of whoever asks, as far as these pages need them. */
export interface TreeVillage {
  id: string
  name: string
  grids: { id: string; name: string; groups: TreeGroup[] }[]
}

export const REVOKE_REASONS = ['lost', 'stolen', 'broken', 'taken-down', 'key-leaked', 'other'] as const
/** On one sheet. */
export const MOST_LABELS = 200

/** `?a=b`, without what is empty. */
export function queryOf(values: Readonly<Record<string, string | number | null>>): string {
  const said = Object.entries(values).filter(([, value]) => value !== '' && value !== null)
  const query = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()
  return query === '' ? '' : `?${query}`
}

const one = (id: string) => `/devices/${encodeURIComponent(id)}`
const order = (id: string) => `/maintenance-orders/${encodeURIComponent(id)}`

export const listDevices = (
  client: Client,
  filters: Partial<DeviceFilters>,
  after: string | null,
  limit: number,
) => client.get<DevicePage>(`/devices${queryOf({ ...filters, after, limit })}`)

export const readDevice = (client: Client, id: string) => client.get<DeviceDetail>(one(id))

/** An id that is in use is refused where a new device is registered. */
export const putDevice = (client: Client, id: string, entry: DeviceEntry, isNew: boolean) =>
  client.change<DeviceDetail>('PUT', isNew ? `${one(id)}?new=1` : one(id), entry)

export const makeLabels = (client: Client, devices: string[]) =>
  client.change<LabelSheet>('POST', '/devices/labels', { devices })

export const rotateDevice = (client: Client, id: string) =>
  client.change<LabelSheet>('POST', `${one(id)}/rotate`, {})

export const revokeDevice = (client: Client, id: string, reason: string) =>
  client.change<{ device: DeviceDetail; warnings: string[] }>('POST', `${one(id)}/revoke`, { reason })

export const listOrders = (
  client: Client,
  filters: { state: string; village?: string; device?: string; mine?: string },
  after: string | null = null,
) => client.get<OrderPage>(`/maintenance-orders${queryOf({ ...filters, after, limit: 100 })}`)

export const assignOrder = (client: Client, id: string, owner: string) =>
  client.change<MaintenanceOrder>('POST', `${order(id)}/assign`, { owner })

export const finishOrder = (client: Client, id: string, note: string) =>
  client.change<MaintenanceOrder>('POST', `${order(id)}/done`, { note })

/** Whom it may be given to. */
export const orderOwners = async (client: Client, id: string) =>
  (await client.get<{ items: OrderPerson[] }>(`${order(id)}/owners`)).items

export const readPlaces = async (client: Client) =>
  (await client.get<{ villages: TreeVillage[] }>('/registry/tree')).villages
