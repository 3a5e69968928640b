/** What is inspected: the audit and its chains, the parts of the system, the policy in force. */
import type { Client } from './client'

export interface AuditItem {
  position: number
  at: string
  actor: string
  display_name: string | null
  action: string
  about: string
  unit: string
  detail: Record<string, unknown>
  address: string
}

export interface AuditPage {
  items: AuditItem[]
  next: string | null
}

export interface AuditAsked {
  text: string
  action: string
  from: string | null
  until: string | null
}

export interface ChainState {
  verified_at: string | null
  faults: string[]
  heads: { chain: string; writer: string; rows: number; pruned_to: number | null; link: string }[]
}

export function auditOf(client: Client, asked: AuditAsked, after: string | null): Promise<AuditPage> {
  const query = new URLSearchParams({ limit: '100' })
  if (asked.text.trim() !== '') query.set('text', asked.text.trim())
  if (asked.action !== '') query.set('action', asked.action)
  if (asked.from !== null) query.set('from', asked.from)
  if (asked.until !== null) query.set('until', asked.until)
  if (after !== null) query.set('after', after)
  return client.get<AuditPage>(`/audit?${query}`)
}

export const chainState = (client: Client) => client.get<ChainState>('/audit/chains')
export const verifyChains = (client: Client) => client.await<ChainState>('/audit/verify', {})

export type PartLevel = 'ok' | 'warn' | 'bad' | 'unknown'

export interface PartItem {
  name: string
  level: PartLevel
  since: string | null
  figures: Record<string, number>
  detail: string
}

export interface Parts {
  at: string
  version: string
  parts: PartItem[]
}

export const systemParts = (client: Client) => client.get<Parts>('/system/parts')

export interface Rule {
  name: string
  built_in: boolean
  line: number | null
  kinds: string[]
  sources: string[]
  villages: string[]
  grids: string[]
  groups: string[]
  layers: string[]
  hours: string | null
  weekdays: number[]
  days: string | null
  drill: boolean | null
  source_states: string[]
  priority: number | null
  plan: string
  cameras_within_m: number
  cameras_at_most: number
  actions: string[]
  set_aside: boolean
  mute: boolean
}

export interface Together {
  name: string
  name_zh: string
  built_in: boolean
  line: number | null
  same: string
  kinds: string[]
  with_kinds: string[]
  within_m: number | null
  within_s: number | null
  rings: boolean
}

export interface PlanStep {
  after_s: number
  call: string[]
  inform: string[]
  ways: string[]
  hours: string | null
  if_more_than: number | null
  if_within_s: number | null
  until: string | null
}

export interface EscalationPlan {
  name: string
  built_in: boolean
  line: number | null
  steps: PlanStep[]
  repeat_s: number
  repeats_at_most: number | null
  hours: string | null
  until: string
  used_by: string[]
}

export interface Policy {
  files: { name: string; path: string; changed: boolean }[]
  rules: Rule[]
  together: Together[]
  plans: EscalationPlan[]
  due: Record<string, number[]>
  priorities: Record<string, number>
  flood_alarms: number
  flood_within_s: number
  fold_within_s: number
}

export const policyInForce = (client: Client) => client.get<Policy>('/policy')
