import { describe, expect, it } from 'vitest'

import { type Device, queryOf, type TreeVillage } from '../src/api/devices'
import type { Drill } from '../src/api/quiet'
import { groupsIn } from '../src/choosing'
import { markOf, nameOf, placeOf } from '../src/deviceWords'
import { heldIn } from '../src/drillBook'
import { byGroup } from '../src/labelling'
import { chipOf, isOverdue } from '../src/upkeep'

const DEVICE = {
  id: 'd1',
  village: { id: 'v', name: '东村' },
  group: { id: 'g1', name: '1组' },
  household: { id: 'h1', label: '1组01号' },
  health: 'ok',
} as Device

describe('a question to the server', () => {
  it('says nothing of what was left empty', () => {
    expect(queryOf({ village: '', after: null })).toBe('')
    expect(queryOf({ search: '1组&', limit: 5 })).toBe('?search=1%E7%BB%84%26&limit=5')
  })
})

describe('a device', () => {
  it('is called by its household, else its group, else its id', () => {
    expect(nameOf(DEVICE)).toBe('1组01号')
    expect(nameOf({ ...DEVICE, household: null })).toBe('1组')
    expect(nameOf({ ...DEVICE, household: null, group: null })).toBe('d1')
  })

  it('says where it is as far as that is known', () => {
    expect(placeOf(DEVICE)).toBe('东村 · 1组')
    expect(placeOf({ village: null, group: null })).toBe('')
  })

  it('is bad for every fault, also one that a newer server has invented', () => {
    expect(markOf({ health: 'ok' })).toBe('good')
    expect(markOf({ health: 'never-heard' })).toBe('dim')
    expect(markOf({ health: 'too-hot' })).toBe('bad')
  })
})

describe('labels', () => {
  it('are given out group by group, as people count, those in no group last', () => {
    const of = (id: string, name: string | null) =>
      ({ ...DEVICE, id, group: name === null ? null : { id: name, name } }) as Device
    const sections = byGroup([of('a', '10组'), of('b', null), of('c', '2组'), of('d', '10组')])
    expect(sections.map((one) => [one.name, one.devices.map((device) => device.id)])).toEqual([
      ['2组', ['c']],
      ['10组', ['a', 'd']],
      [null, ['b']],
    ])
  })
})

describe('the groups to choose from', () => {
  const group = (id: string, retired = false) => ({ id, name: id, households: 10, retired })
  const villages: TreeVillage[] = [
    { id: 'east', name: '东村', grids: [{ id: 'x', name: 'x', groups: [group('e1'), group('e2', true)] }] },
    { id: 'west', name: '西村', grids: [{ id: 'y', name: 'y', groups: [group('w1')] }] },
  ]

  it('are those of the village that are in use', () => {
    expect(groupsIn(villages, 'east').map((one) => one.id)).toEqual(['e1'])
    expect(groupsIn(villages, '').map((one) => one.id)).toEqual(['e1', 'w1'])
  })
})

describe('a maintenance order', () => {
  const now = Date.parse('2026-11-22T05:00:00Z')

  it('is overdue when its time has passed and nobody has ended it', () => {
    const due_at = '2026-11-22T04:59:59Z'
    expect(isOverdue({ state: 'open', due_at }, now)).toBe(true)
    expect(isOverdue({ state: 'done', due_at }, now)).toBe(false)
    expect(isOverdue({ state: 'open', due_at: '2026-11-22T13:00:01+08:00' }, now)).toBe(false)
  })

  it('stands on top of the page only while there is one, and loudly only when overdue', () => {
    expect(chipOf(undefined)).toBeNull()
    expect(chipOf({ open: 0, overdue: 0 })).toBeNull()
    expect(chipOf({ open: 3, overdue: 0 })?.level).toBe('wait')
    expect(chipOf({ open: 3, overdue: 1 })?.level).toBe('bad')
  })
})

describe('the book of drills', () => {
  it('holds those that began on the days of the period, where the site is, newest first', () => {
    const drill = (id: string, begin: string) => ({ id, begin }) as Drill
    const all = [
      drill('eve', '2026-11-21T15:59:00Z'),
      drill('first', '2026-11-21T16:00:00Z'),
      drill('last', '2026-11-22T15:59:00Z'),
    ]
    const period = { from: '2026-11-22', to: '2026-11-22', village: '' }
    expect(heldIn(all, period, 'Asia/Shanghai').map((one) => one.id)).toEqual(['last', 'first'])
  })
})
