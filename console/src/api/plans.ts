/** Response plans (应急预案): shapes and their calls. */
import type { Client } from './client'

export interface ResponsePlan {
  id: string
  /** 0: built in, in force until the town writes its own. */
  version: number
  name: string
  /** Empty: every kind; likewise `villages`. */
  kinds: string[]
  villages: string[]
  items: { id?: string; text: string }[]
  contacts: { name: string; phone: string }[]
  made_at: string | null
  made_by: string
  retired: boolean
}

export interface PlanBody {
  name: string
  kinds: string[]
  villages: string[]
  items: { id?: string; text: string }[]
  contacts: { name: string; phone: string }[]
}

const path = (id: string) => `/response-plans/${encodeURIComponent(id)}`

export const plans = async (client: Client) =>
  (await client.get<{ items: ResponsePlan[] }>('/response-plans')).items

export const addPlan = (client: Client, body: PlanBody) =>
  client.change<ResponsePlan>('POST', '/response-plans', body)

/** A new version of it. @throws Stale when somebody else was quicker. */
export const changePlan = (client: Client, id: string, version: number, body: PlanBody) =>
  client.change<ResponsePlan>('PUT', path(id), body, version)

export const retirePlan = (client: Client, id: string, version: number) =>
  client.change('DELETE', path(id), undefined, version)

export const tick = (client: Client, incident: string, item: string, done: boolean) =>
  client.change('POST', `/incidents/${encodeURIComponent(incident)}/tick`, { item, done })
