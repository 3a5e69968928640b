/** What is said of an incident's evidence beside the evidence itself. */
import type { Client } from './client'
import type { Custody } from './types'

export function custodyOf(client: Client, incident: string): Promise<Custody> {
  return client.get<Custody>(`/incidents/${encodeURIComponent(incident)}/custody`)
}
