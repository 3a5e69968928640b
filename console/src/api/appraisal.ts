/** 考核评价: its shapes and calls. Times that people took are in seconds. */
import type { Client } from './client'
import { queryOf } from './devices'

export type By = 'village' | 'team' | 'shift' | 'kind'
export const BYS: readonly By[] = ['village', 'team', 'shift', 'kind']

/** Two local dates, both within it; the village empty: all. */
export interface AskedPeriod {
  from: string
  to: string
  village: string
}

export interface Days {
  first: string
  last: string
}

export interface Named {
  zh: string
  en: string
}

export interface Counted extends Named {
  id: string
  count: number
  before: number
}

export interface Spread {
  measure: string
  measured: number
  missing: number
  /** Nobody had to go. */
  not_sent: number
  /** The server's clock was set back meanwhile. */
  unclear: number
  buckets: number[]
  /** null: too few to say. */
  shares: number[] | null
  median_s: number | null
  p90_s: number | null
  few: boolean
}

export interface Measure extends Named {
  measure: string
  span_zh: string
  span_en: string
  buckets: Named[]
  now: Spread
  before: Spread
}

export interface Group extends Named {
  id: string
  count: number
  spreads: Spread[]
}

export interface Hour {
  hour: number
  alarms: number
  officer_hours: number
  rate: number | null
}

export interface Load {
  alarms: number
  sorts: (Named & { id: string; count: number })[]
  officer_hours: number
  unmanned_hours: number
  rate: number | null
  rate_before: number | null
  bearable: number
  is_bearable: boolean
  busy: number
  floods: number
  flood_at: number
  busiest: number
  busiest_at: string | null
  hours: Hour[]
}

export interface Appraisal {
  period: Days
  compared_with: Days
  by: By
  few: number
  counts: {
    total: number
    before: number
    parts: Counted[]
    outcomes: Counted[]
    supervised: number
    supervised_before: number
    reopened: number
    reopened_before: number
  }
  measures: Measure[]
  groups: Group[]
  /** null: asked for a part of the site. */
  load: Load | null
  open: { id: string; number: string; kind: string; stage: string; opened_at: string }[]
}

export interface SourceTally {
  id: string
  zone: string | null
  label: string
  judged: number
  real: number
  accidental: number
  false: number
  malicious: number
  unneeded: number
  share: number | null
}

export interface ToVisit {
  household: string
  label: string
  unneeded: number
  judged: number
  last_at: string
  advice: string
  advice_zh: string
  advice_en: string
}

export interface NotedVisit {
  id: string
  household: string
  label: string
  visited_on: string
  said: string
  by: string
  by_name: string
  noted_at: string
}

export interface Sources {
  period: Days
  households: SourceTally[]
  devices: SourceTally[]
  zones: SourceTally[]
  more: boolean
  to_visit: ToVisit[]
  visited: NotedVisit[]
}

export const readAppraisal = (client: Client, period: AskedPeriod, by: By) =>
  client.get<Appraisal>(`/appraisal${queryOf({ ...period, by })}`)

export const readSources = (client: Client, period: AskedPeriod) =>
  client.get<Sources>(`/appraisal/sources${queryOf({ ...period })}`)

export const noteVisit = (client: Client, household: string, visited_on: string, said: string) =>
  client.change<{ id: string }>('POST', '/appraisal/visits', { household, visited_on, said })

export const appraisalFile = (form: 'csv' | 'xlsx', period: AskedPeriod, by: By) =>
  `/api/v1/appraisal.${form}${queryOf({ ...period, ...(form === 'csv' ? { by } : {}) })}`

export const appraisalPage = (period: AskedPeriod) => `/api/v1/appraisal/print${queryOf({ ...period })}`
