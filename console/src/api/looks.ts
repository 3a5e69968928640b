/** The register of looks. */
import type { Client } from './client'

export interface Look {
  id: string
  kind: 'live' | 'snapshot' | 'clip' | 'picture'
  camera: string
  name: string
  incident: string | null
  incident_number: string | null
  purpose: string | null
  username: string
  display_name: string
  unit: string
  role: string
  began: string
  seen_until: string
  ended: string | null
  why_ended: string | null
  seconds: number
}

export interface LookPage {
  items: Look[]
  next: string | null
}

export function looksOf(client: Client, after: string | null): Promise<LookPage> {
  const query = after === null ? '' : `?after=${encodeURIComponent(after)}`
  return client.get<LookPage>(`/looks${query}`)
}
