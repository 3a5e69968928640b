import { describe, expect, it } from 'vitest'

import {
  areaOf, crosses, faultsOf, feetOf, isInside, isSame, isSmall, middlesOf, moved, newZone, ofKind, type Point,
  RECTANGLE, secondsOf, shifted, uncoveredBy, withCorner, without, type Zone,
} from '../src/zoneDraft'

const SQUARE: Point[] = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]
const BOW: Point[] = [[0, 0], [1, 1], [1, 0], [0, 1]]

const zone = (more: Partial<Zone> = {}): Zone => ({
  name: 'gate', kind: 'loiter', polygon: SQUARE, dwell: '20s', min_height: null, armed: null, armed_days_off: null, ...more,
})

describe('a polygon', () => {
  it('has its corners moved, but not out of the picture', () => {
    expect(moved(SQUARE, 1, [1.4, -0.3])[1]).toEqual([1, 0])
    expect(SQUARE[1]).toEqual([0.6, 0.2])
  })

  it('gets a corner in the middle of a side, and loses one', () => {
    expect(middlesOf(SQUARE)[0]).toEqual([0.4, 0.2])
    const five = withCorner(SQUARE, 1, [0.4, 0.1])
    expect(five[1]).toEqual([0.4, 0.1])
    expect(without(five, 1)).toEqual(SQUARE)
    expect(middlesOf(SQUARE.slice(0, 2))).toEqual([])
  })

  it('is pushed as a whole until it meets the edge', () => {
    expect(shifted(SQUARE, 0.9, -0.9)).toEqual([[0.6, 0], [1, 0], [1, 0.4], [0.6, 0.4]])
  })

  it('knows its area, whether its sides cross and what is inside', () => {
    expect(areaOf(SQUARE)).toBeCloseTo(0.16)
    expect(crosses(SQUARE)).toBe(false)
    expect(crosses(BOW)).toBe(true)
    expect(isInside(SQUARE, 0.4, 0.4)).toBe(true)
    expect(isInside(SQUARE, 0.7, 0.4)).toBe(false)
  })

  it('has feet in its middle, or at its lowest corner where the middle is outside', () => {
    expect(feetOf(SQUARE)).toEqual([0.4, 0.4])
    const horseshoe: Point[] = [[0, 0], [1, 0], [1, 1], [0.9, 1], [0.9, 0.1], [0.1, 0.1], [0.1, 0.9], [0, 0.9]]
    expect(feetOf(horseshoe)).toEqual([1, 1])
  })
})

describe('zones', () => {
  it('that are new have a name of their own', () => {
    const first = newZone([], 'loiter', '徘徊')
    expect(first.name).toBe('徘徊 1')
    expect(newZone([first], 'motion', '徘徊')).toMatchObject({ name: '徘徊 2', dwell: null })
  })

  it('of another kind lose what that has no use for', () => {
    const armed = zone({ armed: '22:00-06:00', min_height: 0.1 })
    expect(ofKind(armed, 'privacy')).toMatchObject({ dwell: null, armed: null, min_height: null })
    expect(ofKind(ofKind(armed, 'motion'), 'loiter')).toMatchObject({ dwell: '20s', armed: '22:00-06:00' })
  })

  it('say what is wrong with them', () => {
    const what = (zones: Zone[]) => faultsOf(zones).map((fault) => [fault.zone, fault.what])
    expect(what([zone(), zone({ name: 'yard', polygon: RECTANGLE })])).toEqual([])
    expect(what([zone(), zone({ name: ' gate ' })])).toEqual([[1, 'sameName']])
    expect(what([zone({ name: ' ', polygon: SQUARE.slice(0, 2) })])).toEqual([[0, 'noName'], [0, 'fewCorners']])
    expect(what([zone({ polygon: BOW, dwell: '2h', min_height: 2 })])).toEqual([[0, 'crosses'], [0, 'dwell'], [0, 'height']])
    expect(what([zone({ polygon: [[0, 0], [0.5, 0.5], [1, 1]] })])).toEqual([[0, 'tiny']])
    expect(what([zone({ dwell: null })])).toEqual([])
  })

  it('that are small are worth a word, but for privacy', () => {
    const small: Point[] = [[0, 0], [0.05, 0], [0.05, 0.05]]
    expect(isSmall(zone({ polygon: small }))).toBe(true)
    expect(isSmall(zone({ polygon: small, kind: 'privacy' }))).toBe(false)
  })

  it('are the same in any order', () => {
    const yard = zone({ name: 'yard' })
    expect(isSame([zone(), yard], [yard, zone()])).toBe(true)
    expect(isSame([zone()], [zone({ dwell: '30s' })])).toBe(false)
  })

  it('uncover what a privacy zone hid, unless it hides the same by another name', () => {
    const window = zone({ name: 'window', kind: 'privacy' })
    expect(uncoveredBy([window], [zone({ name: 'pane', kind: 'privacy' })])).toEqual([])
    expect(uncoveredBy([window, zone()], [zone({ name: 'window', kind: 'privacy', polygon: RECTANGLE })])).toEqual(['window'])
  })
})

describe('a duration', () => {
  it('is read as a zones file has it, from a second to an hour', () => {
    expect(['20s', ' 2 min', '1h', '1.5m'].map(secondsOf)).toEqual([20, 120, 3600, 90])
    expect(['20', '500ms', '2h', null].map(secondsOf)).toEqual([null, null, null, null])
  })
})
