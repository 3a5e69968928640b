/** What an incident's cameras can do for it: turn to their preset and back, sound a siren. */
import type { Client } from './client'

export interface CameraTools {
  camera: string
  name: string
  /** Where it can be turned to; null: nobody has set it. */
  preset: string | null
  /** It is turned for this incident now. */
  is_away: boolean
  /** It is being turned. */
  is_asked: boolean
  sirens: { token: string; siren: string }[]
  /** Why it must not be turned, or sounded; null: it may. */
  no_turning: string | null
  no_sounding: string | null
}

const path = (incident: string, camera?: string) => {
  const cameras = `/incidents/${encodeURIComponent(incident)}/cameras`
  return camera === undefined ? cameras : `${cameras}/${encodeURIComponent(camera)}`
}

export const readTools = async (client: Client, incident: string) =>
  (await client.get<{ items: CameraTools[] }>(path(incident))).items

export const turnCamera = (client: Client, incident: string, camera: string) =>
  client.change('POST', `${path(incident, camera)}/turn`, {})

export const giveCameraBack = (client: Client, incident: string, camera: string) =>
  client.change('POST', `${path(incident, camera)}/give-back`, {})

export const soundSiren = (client: Client, incident: string, camera: string, token: string) =>
  client.change('POST', `${path(incident, camera)}/relays/${encodeURIComponent(token)}/sound`, {})
