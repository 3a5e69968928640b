/** People's accounts: their own, and everybody's for who manages them. Shapes and calls. */
import type { Client } from './client'

export interface SessionItem {
  id: string
  username: string
  display_name: string
  began: string
  seen: string
  ends: string
  address: string
  browser: string
  locked: boolean
  mine: boolean
}

export type FactorPolicy = 'offered' | 'required' | null

export interface SecondFactor {
  enrolled_since: string | null
  recovery_left: number
  policy: FactorPolicy
}

/** Shown once. */
export interface NewSecret {
  secret: string
  uri: string
  qr: string
}

export interface Account {
  username: string
  display_name: string
  unit: string
  role: string
  places: string[]
  enabled: boolean
  created: string
  ends: string | null
  ended: boolean
  second_factor: boolean
  second_factor_policy: FactorPolicy
  sessions: number
  seen: string | null
}

export interface Accounts {
  items: Account[]
  roles: string[]
  /** Id to name. */
  villages: Record<string, string>
}

export interface AccountBody {
  display_name: string
  unit: string
  role: string
  places: string[]
  ends: string | null
}

const at = (username: string) => `/accounts/${encodeURIComponent(username)}`

export const secondFactor = (client: Client) => client.get<SecondFactor>('/second-factor')

export const beginFactor = (client: Client, password: string) =>
  client.change<NewSecret>('POST', '/second-factor', { password })

export const confirmFactor = async (client: Client, code: string) =>
  (await client.change<{ codes: string[] }>('POST', '/second-factor/confirm', { code })).codes

export const changePassword = (client: Client, password: string, next: string) =>
  client.change('POST', '/me/password', { password, new: next })

export const mySessions = async (client: Client) =>
  (await client.get<{ items: SessionItem[] }>('/sessions')).items

export const sessionsOf = async (client: Client, username: string) =>
  (await client.get<{ items: SessionItem[] }>(`${at(username)}/sessions`)).items

export const endSession = (client: Client, id: string) =>
  client.change('POST', `/sessions/${encodeURIComponent(id)}/end`)

export const accounts = (client: Client) => client.get<Accounts>('/accounts')

export const addAccount = (client: Client, username: string, password: string, body: AccountBody) =>
  client.change('POST', '/accounts', { username, password, ...body })

export const changeAccount = (client: Client, username: string, enabled: boolean, body: AccountBody) =>
  client.change('PUT', at(username), { enabled, ...body })

export const givePassword = (client: Client, username: string, password: string) =>
  client.change('POST', `${at(username)}/password`, { password })

export const resetFactor = (client: Client, username: string, reason: string) =>
  client.change('POST', `${at(username)}/second-factor/reset`, { reason })
