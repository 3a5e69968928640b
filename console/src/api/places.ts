/** Villages, grids, estates and groups as they are made and corrected. Shapes and calls. */
import type { Client } from './client'
import type { RegistryChange, Written } from './registry'

export interface Village {
  id: string
  name: string
  households_total: number | null
  /** GeoJSON Polygon, or null. */
  boundary: unknown
  history: RegistryChange[]
}

export interface Estate {
  id: string
  name: string
  village: string
  property_company: string | null
  /** Masked. */
  property_phone: string | null
  groups: { id: string; name: string; households: number }[]
  history: RegistryChange[]
}

/** What is left out stays as it is. */
export interface VillageChange {
  name: string
  households_total?: number | null
  boundary?: unknown
}

export interface EstateChange {
  village: string
  name: string
  property_company?: string | null
  property_phone?: string | null
}

const at = (noun: string, id: string) => `/registry/${noun}/${encodeURIComponent(id)}`
/** An id that is in use is refused, so that nothing else is changed by a slip. */
const put = (client: Client, path: string, body: object, isNew: boolean) =>
  client.change<Written>('PUT', isNew ? `${path}?new=1` : path, body)

export const readVillage = (client: Client, id: string) => client.get<Village>(at('villages', id))

export const putVillage = (client: Client, id: string, change: VillageChange, isNew = false) =>
  put(client, at('villages', id), change, isNew)

export const putGrid = (
  client: Client,
  id: string,
  change: { village: string; name: string },
  isNew = false,
) => put(client, at('grids', id), change, isNew)

export const addGroup = (client: Client, id: string, change: { grid: string; name: string }) =>
  put(client, at('groups', id), change, true)

export const readEstate = (client: Client, id: string) => client.get<Estate>(at('estates', id))

export const putEstate = (client: Client, id: string, change: EstateChange, isNew = false) =>
  put(client, at('estates', id), change, isNew)

/** In the clear; who asked and why goes into the audit. */
export const unmaskEstate = async (client: Client, id: string, reason: string) =>
  (
    await client.change<{ property_phone: string | null }>('POST', `${at('estates', id)}/unmask`, {
      reason,
    })
  ).property_phone
