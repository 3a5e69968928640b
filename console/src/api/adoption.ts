/** Taking cameras into service. Shapes and their calls. */
import type { View } from '../map/geometry'
import type { Client } from './client'

export interface Found {
  endpoint_reference: string
  address: string
  onvif_address: string | null
  name: string
  hardware: string
  make: string | null
  make_name: string
  /** How many cameras of it are registered. */
  registered: number
  registered_as: string
}

export interface Make {
  id: string
  name: string
  many_channels: boolean
  hint_zh: string
  hint_en: string
}

export interface Word {
  id: string
  zh: string
  en: string
}

export interface AdoptionWords {
  makes: Make[]
  layers: Word[]
  legal_classes: Word[]
  prohibited_places: Word[]
}

export interface Stream {
  uri: string
  width: number
  height: number
  encoding: string
  frames_per_s: number | null
}

export interface Channel {
  number: number
  /** null: the device is one camera, not a recorder. */
  source: string | null
  name: string
  /** What is watched. */
  detection: Stream | null
  /** What is kept of an incident. */
  evidence: Stream | null
  snapshot_uri: string | null
}

export interface Device {
  manufacturer: string
  model: string
  firmware: string
  serial: string
  /** The camera's clock minus ours. */
  clock_skew_s: number | null
  channels: Channel[]
}

export interface Adoption {
  name: string
  village: string
  location: string
  layer: string
  legal_class: string
  may_see: string[]
  sign_is_up: boolean
  stream_uri: string
  main_stream_uri: string | null
  snapshot_uri: string | null
  endpoint_reference: string | null
  source: string | null
  onvif_address: string | null
  username: string
  password: string
  manufacturer: string
  model: string
  serial: string
  clock_skew_s: number | null
  latitude: number | null
  longitude: number | null
  view: View | null
}

export interface Unwatched {
  id: string
  name: string
  village: string
}

export const readWords = (client: Client) => client.get<AdoptionWords>('/cameras/words')

export const findCameras = async (client: Client) =>
  (await client.await<{ items: Found[] }>('/cameras/find', {})).items

export const askCamera = (
  client: Client,
  onvif_address: string,
  make: string | null,
  login: { username: string; password: string },
) => client.await<Device>('/cameras/ask', { onvif_address, make, ...login })

export const addressesOf = (client: Client, make: string, host: string, channel: number) =>
  client.change<{ main: string; sub: string }>('POST', '/cameras/addresses', { make, host, channel })

export const firstPicture = (
  client: Client,
  stream_uri: string,
  login: { username: string; password: string },
) => client.awaitPicture('/cameras/picture', { stream_uri, ...login })

export const adopt = (client: Client, body: Adoption) =>
  client.change<{ id: string; watching: boolean }>('POST', '/cameras', body)

export const readUnwatched = async (client: Client) =>
  (await client.get<{ items: Unwatched[] }>('/cameras/unwatched')).items

export const noteSign = (client: Client, id: string) =>
  client.change('POST', `/cameras/${encodeURIComponent(id)}/sign`, {})

/** How many cameras have the new login: all channels of a recorder. */
export const changeLogin = (
  client: Client,
  id: string,
  login: { username: string; password: string },
) => client.change<{ cameras: number }>('PUT', `/cameras/${encodeURIComponent(id)}/login`, { ...login })

export const retireCamera = (client: Client, id: string, reason: string) =>
  client.change('POST', `/cameras/${encodeURIComponent(id)}/retire`, { reason })

/** What a household agreed to for its camera, as it stands now. */
export interface Consent {
  household: string
  household_label: string
  /** The surname only. */
  agreed_by: string
  agreed_on: string
  purpose: string
  reference: string
  keeps: boolean
  recorded_by: string
  recorded_at: string
  withdrawn_at: string | null
  withdrawn_by: string | null
  withdrawn_said: string | null
}

export interface HouseholdCamera {
  id: string
  name: string
  village: string
  village_name: string
  standing: 'none' | 'agreed' | 'withdrawn'
  consent: Consent | null
}

export interface Agreement {
  household: string
  agreed_by: string
  agreed_on: string
  purpose: string
  reference: string
  keeps: boolean
}

const camera = (id: string) => `/cameras/${encodeURIComponent(id)}`

export const readHouseholdCameras = async (client: Client) =>
  (await client.get<{ items: HouseholdCamera[] }>('/cameras/households')).items

export const recordConsent = (client: Client, id: string, agreed: Agreement) =>
  client.change<{ id: string }>('POST', `${camera(id)}/consent`, { ...agreed })

export const withdrawConsent = (client: Client, id: string, said: string) =>
  client.change('POST', `${camera(id)}/consent/withdraw`, { said })

/** The log that the household is handed, to print. */
export const ownerSheet = (id: string) => `/api/v1${camera(id)}/owner-log.html`

export interface CameraPlace {
  name: string
  location: string
  layer: string
  legal_class: string
  latitude: number | null
  longitude: number | null
  view: View | null
}

export const readPlace = (client: Client, id: string) => client.get<CameraPlace>(`${camera(id)}/place`)

export const changePlace = (client: Client, id: string, place: CameraPlace & { reason: string }) =>
  client.change<{ id: string; watching: boolean }>('PUT', `${camera(id)}/place`, place)
