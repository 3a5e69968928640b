/** A camera's zones, and what moved before it. Shapes and their calls. */
import type { Zone } from '../zoneDraft'
import { cellsOf, type Grid, type Span } from '../zoneReplay'
import type { Client } from './client'

export interface ZoneVersion {
  version: number
  at: string
  by: string
  by_name: string
  added: string[]
  removed: string[]
  changed: string[]
}

export interface CameraZones {
  camera: string
  name: string
  is_private: boolean
  version: number
  zones: Zone[]
  defaults: { dwell: string; min_height: number | null; armed: string | null; armed_days_off: string | null }
  /** null: nothing watches it now. */
  in_force: boolean | null
  history: ZoneVersion[]
}

interface ActivitySpan {
  from: string
  to: string
  zone: string
  cells: string | null
  minute: number
  off: boolean
  was_off: boolean
}

interface CameraActivity {
  night: string
  from: string
  to: string
  grid: [number, number]
  spans: ActivitySpan[]
  more: boolean
  told: { at: string; zone: string }[]
  zones_then: boolean
}

export interface Night {
  night: string
  from: string
  to: string
  grid: Grid
  spans: Span[]
  more: boolean
  told: { at: string; zone: string }[]
  zonesThen: boolean
}

const path = (camera: string) => `/cameras/${encodeURIComponent(camera)}`

export const readZones = (client: Client, camera: string) => client.get<CameraZones>(`${path(camera)}/zones`)

export const keepZones = (
  client: Client,
  camera: string,
  body: { version: number; zones: readonly Zone[]; reason: string; uncovers: string[] },
) => client.change<CameraZones>('PUT', `${path(camera)}/zones`, body)

export const readZonesFile = async (client: Client, camera: string, toml: string) =>
  (await client.change<{ zones: Zone[] }>('POST', `${path(camera)}/zones/read`, { toml })).zones

export const zonesFile = (camera: string) => `/api/v1${path(camera)}/zones.toml`

export async function readNight(client: Client, camera: string, night: string | null): Promise<Night> {
  const query = night === null ? '' : `?night=${night}`
  const found = await client.get<CameraActivity>(`${path(camera)}/activity${query}`)
  const [columns, rows] = found.grid
  return {
    night: found.night,
    from: found.from,
    to: found.to,
    grid: { columns, rows },
    spans: found.spans.map((span) => ({
      from_ms: Date.parse(span.from),
      to_ms: Date.parse(span.to),
      cells: cellsOf(span.cells),
      minute: span.minute,
      off: span.off,
      was_off: span.was_off,
    })),
    more: found.more,
    told: found.told,
    zonesThen: found.zones_then,
  }
}

