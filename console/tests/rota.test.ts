import { describe, expect, it } from 'vitest'

import type { Names, Pattern } from '../src/api/dutySettings'
import {
  areaFor,
  byVillage,
  endOf,
  lacksShifts,
  liesWithin,
  newPattern,
  newPost,
  newTeam,
  slotBody,
  slotFields,
  patternBody,
  teamBody,
  tidied,
} from '../src/rota'

const names: Names = {
  people: [],
  villages: [
    { id: 'dongcun', name: '东村' },
    { id: 'xicun', name: '西村' },
  ],
  grids: [
    { id: 'g1', name: '一网格', village: 'dongcun' },
    { id: 'g2', name: '二网格', village: 'xicun' },
  ],
}

describe('who may change an entry', () => {
  it('holds all of its villages, not only some', () => {
    const both = { villages: ['dongcun', 'xicun'], grids: [] }
    expect(liesWithin(both, ['dongcun'])).toBe(false)
    expect(liesWithin(both, ['dongcun', 'xicun'])).toBe(true)
    expect(liesWithin({ villages: ['*'], grids: [] }, ['dongcun'])).toBe(false)
    expect(liesWithin({ villages: ['*'], grids: [] }, ['*'])).toBe(true)
  })

  it('begins with what they may set up', () => {
    expect(areaFor(['*']).villages).toEqual(['*'])
    expect(areaFor(['xicun']).villages).toEqual(['xicun'])
  })
})

describe('an area', () => {
  it('loses the grids of villages that were taken out', () => {
    const grids = ['g1', 'g2', 'unheard-of']
    expect(tidied({ villages: ['dongcun'], grids }, names.grids).grids).toEqual(['g1', 'unheard-of'])
    expect(tidied({ villages: ['*'], grids }, names.grids).grids).toEqual(grids)
  })
})

describe('a shift', () => {
  it('ends at a time of a day, also after midnight', () => {
    expect(endOf('08:00', 12)).toEqual({ time: '20:00', days: 0 })
    expect(endOf('20:00', 12)).toEqual({ time: '08:00', days: 1 })
    expect(endOf('08:00', 24)).toEqual({ time: '08:00', days: 1 })
    expect(endOf('08:30', 7.5)).toEqual({ time: '16:00', days: 0 })
  })

  it('is sent without empty crews, its days in order', () => {
    const form = { ...newPattern('p', '2026-11-22'), crews: [['a'], [], ['b', 'c']], weekdays: [7, 1] }
    expect(patternBody(form)).toMatchObject({ crews: [['a'], ['b', 'c']], weekdays: [1, 7] })
    expect(patternBody({ ...form, ends_on: '' }).ends_on).toBeNull()
  })
})

describe('a post', () => {
  it('is told to be empty when no shift of it goes on', () => {
    const post = { id: 'p', ...newPost(['*']) }
    const shift = (parts: Partial<Pattern>) => ({ id: 's', ...newPattern('p', '2026-01-01'), ...parts })
    const today = '2026-11-22'
    expect(lacksShifts(post, [], today)).toBe(true)
    expect(lacksShifts(post, [shift({ post: 'another' })], today)).toBe(true)
    expect(lacksShifts(post, [shift({ ends_on: '2026-11-21' })], today)).toBe(true)
    expect(lacksShifts(post, [shift({ ends_on: today })], today)).toBe(false)
  })
})

describe('a team', () => {
  it('is sent without lines that were left empty', () => {
    const members = [
      { name: ' 陈队长 ', phone: '00000000101' },
      { name: '', phone: ' ' },
    ]
    expect(teamBody({ ...newTeam(['*']), members }).members).toEqual([
      { name: '陈队长', phone: '00000000101' },
    ])
  })
})

describe('hours in which a team is out', () => {
  const inTurn = { hours: '20:00-08:00', weekdays: [1], every_weeks: 2, since: '2026-11-23' }

  it('keep their turns when something else of the team is changed', () => {
    expect(slotBody(slotFields(inTurn))).toEqual(inTurn)
  })

  it('of every week begin in no week', () => {
    expect(slotBody({ ...slotFields(inTurn), every_weeks: 1 }).since).toBeNull()
  })
})

describe('village officers', () => {
  const officer = { village: 'dongcun', username: null, name: '周警官', phone: '123', unit: '派出所' }

  it('are listed by village, those without one too', () => {
    expect(byVillage(names, [officer]).map((row) => row.officer?.name ?? null)).toEqual(['周警官', null])
  })
})
