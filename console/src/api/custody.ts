/** What is said of an incident's evidence beside the evidence itself: holds, and handing it over. */
import type { Client } from './client'
import type { MissingEvidence } from './types'

export interface Hold {
  id: string
  reason: string
  by: string
  by_name: string
  at: string
  /** null: it holds still. */
  released_by: string | null
  released_by_name: string | null
  released_at: string | null
  release_reason: string | null
}

/** Covered wherever anything changed, all of it covered, or the originals. */
export const PEOPLE = ['hidden', 'whole', 'clear'] as const
export type People = (typeof PEOPLE)[number]

/** What the register of retrievals asks for. */
export interface ExportFields {
  purpose: string
  legal_basis: string
  case_number: string
  recipient_unit: string
  recipient_name: string
  /** Who allowed it, where one person may ask and export. */
  approver: string
  people: People
  /** Why people are not covered; only where they are not. */
  clear_why: string
}

export interface Export extends ExportFields {
  id: string
  incident: string
  number: string
  asked_by: string
  asked_by_name: string
  asked_at: string
  /** null: not yet. */
  approved_by: string | null
  approved_by_name: string | null
  approved_at: string | null
  /** Where an approved one is fetched. */
  file: string | null
  /** How many percent of its file are done while it is made for somebody; null: it is not. */
  making: number | null
  fetched: number
}

export interface Custody {
  missing: MissingEvidence[]
  holds: Hold[]
  exports: Export[]
  /** Somebody else than who asks must approve. */
  two_persons: boolean
  entries: number
  public_key: string
}

export interface ExportList {
  items: Export[]
  two_persons: boolean
  more: boolean
}

const of = (incident: string) => `/incidents/${encodeURIComponent(incident)}`

export const custodyOf = (client: Client, incident: string) =>
  client.get<Custody>(`${of(incident)}/custody`)

export const readExports = (client: Client) => client.get<ExportList>('/exports')

export const holdEvidence = (client: Client, incident: string, reason: string) =>
  client.change<{ id: string }>('POST', `${of(incident)}/holds`, { reason })

export const releaseHold = (client: Client, id: string, reason: string) =>
  client.change('POST', `/holds/${encodeURIComponent(id)}/release`, { reason })

export const askExport = (client: Client, incident: string, asked: ExportFields) =>
  client.change<{ id: string }>('POST', `${of(incident)}/exports`, { ...asked })

/** From then on it is evidence like any other. */
export const addPhotograph = (client: Client, incident: string, jpeg: ArrayBuffer) =>
  client.upload<{ id: string }>(`${of(incident)}/photographs`, jpeg, 'image/jpeg')

export const approveExport = (client: Client, id: string) =>
  client.change('POST', `/exports/${encodeURIComponent(id)}/approve`)
