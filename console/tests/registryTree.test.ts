import { describe, expect, it } from 'vitest'

import type { TreeVillage } from '../src/api/registry'
import { groupChoices, idsIn, nextGroupId, nextId, placeNames, rowsOf } from '../src/registryTree'

const group = (id: string, households: number, retired = false) => ({
  id,
  name: `${id} name`,
  households,
  leader_household_id: null,
  retired,
})
const VILLAGES: TreeVillage[] = [
  {
    id: 'east',
    name: 'East',
    households_total: 50,
    grids: [
      { id: 'e1', name: 'E1', groups: [group('e-g1', 10), group('e-g2', 9), group('e-g0', 0, true)] },
      { id: 'e2', name: 'E2', groups: [group('e-g3', 8)] },
    ],
    estates: [{ id: 'park', name: 'Park', property_company: null }],
  },
  { id: 'west', name: 'West', households_total: null, grids: [], estates: [] },
]
const NOWHERE = { village: '', grid: '', group: '', estate: '' }

describe('the rows of the tree', () => {
  it('are the villages with their counts while nothing is opened', () => {
    const rows = rowsOf(VILLAGES, new Set())
    expect(rows.map((row) => [row.id, row.households, row.total])).toEqual([
      ['east', 27, 50],
      ['west', 0, null],
    ])
  })

  it('are what lies under opened places, without retired groups', () => {
    const rows = rowsOf(VILLAGES, new Set(['village:east', 'grid:e1']))
    expect(rows.map((row) => row.id)).toEqual(['east', 'e1', 'e-g1', 'e-g2', 'e2', 'west'])
    expect(rows[2]!.place).toEqual({ village: 'east', grid: 'e1', group: 'e-g1' })
  })

  it('do not show an opened grid of a closed village', () => {
    expect(rowsOf(VILLAGES, new Set(['grid:e1']))).toHaveLength(2)
  })
})

describe('the names of places', () => {
  it('follow from the group alone', () => {
    const { village, grid, group: found } = placeNames(VILLAGES, { ...NOWHERE, group: 'e-g3' })
    expect([village?.id, grid?.id, found?.id]).toEqual(['east', 'e2', 'e-g3'])
  })

  it('follow from the estate', () => {
    expect(placeNames(VILLAGES, { ...NOWHERE, estate: 'park' }).village?.id).toBe('east')
  })

  it('are none where nothing is chosen', () => {
    expect(placeNames(VILLAGES, NOWHERE)).toEqual({ village: null, grid: null, group: null, estate: null })
  })
})

describe('groups to go to', () => {
  it('are those in use', () => {
    expect(groupChoices(VILLAGES).map((one) => one.id)).toEqual(['e-g1', 'e-g2', 'e-g3'])
  })
})

describe("a new group's id", () => {
  it('is the next free number', () => {
    expect(nextGroupId('e-g2', new Set(['e-g2', 'e-g3']))).toBe('e-g4')
    expect(nextGroupId('north', new Set())).toBe('north-2')
    expect(nextId(['e-g10', 'e-g9'], 'e-g', new Set(['e-g11']))).toBe('e-g12')
    expect(nextId([], 'e-w', new Set())).toBe('e-w1')
    expect([...idsIn([])]).toEqual([])
  })
})
