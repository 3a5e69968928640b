/** The ledgers: button tests, who has not tested, tests of a group's notices. Shapes and calls. */
import type { Client } from './client'
import { queryOf } from './devices'
import type { Open } from './types'

export interface ButtonTest {
  at: string
  device: string
  household: string | null
  label: string | null
  group: string | null
  village: string | null
}

export interface UntestedGroup {
  group: string
  name: string
  village: string
  leader_household_id: string | null
  leader_label: string | null
  buttons: number
  untested: { device: string; household: string; label: string; tested_at: string | null }[]
}

export interface Reminded {
  /** Groups whose leader's device was told. */
  reminded: string[]
  not_reminded: { group: string; name: string; why_zh: string; why_en: string }[]
}

export interface TestMember {
  device: string
  household: string
  label: string | null
  sent_at: string | null
  /** null: nothing was heard. */
  state: Open<'delivered' | 'read' | 'coming' | 'cannot'> | null
  answered_at: string | null
}

export interface GroupTest {
  id: string
  group: string
  name: string | null
  village: string | null
  started_by: string
  started_by_name: string
  started_at: string
  until: string
  running: boolean
  told: number
  delivered: number
  answered: number
  members: TestMember[]
}

/** Two local dates, both within it; the village empty: all. */
export interface Period {
  from: string
  to: string
  village: string
}

export type Book = 'device-tests' | 'untested' | 'group-tests' | 'drills'

export const buttonTests = (client: Client, period: Period) =>
  client.get<{ items: ButtonTest[]; more: boolean }>(`/ledgers/device-tests${queryOf({ ...period })}`)

export const untestedGroups = (client: Client, village: string) =>
  client.get<{ test_every_s: number; items: UntestedGroup[] }>(
    `/ledgers/untested${queryOf({ village })}`,
  )

export const remind = (client: Client, whom: { village: string } | { group: string }) =>
  client.change<Reminded>('POST', '/ledgers/untested/remind', whom)

export const groupTests = async (client: Client, period: Period) =>
  (await client.get<{ items: GroupTest[] }>(`/group-tests${queryOf({ ...period })}`)).items

export const groupTest = (client: Client, id: string) =>
  client.get<GroupTest>(`/group-tests/${encodeURIComponent(id)}`)

export const startGroupTest = (client: Client, group: string, minutes: number) =>
  client.change<GroupTest>('POST', '/group-tests', { group, minutes })

export const bookFile = (book: Book, period: Period) =>
  `/api/v1/ledgers/${book}.xlsx${queryOf({ ...period })}`

export const bookPage = (book: Book, period: Period) =>
  `/api/v1/ledgers/${book}/print${queryOf({ ...period })}`
