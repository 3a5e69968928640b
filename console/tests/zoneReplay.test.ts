import { describe, expect, it } from 'vitest'

import type { Point, Zone } from '../src/zoneDraft'
import { cellsIn, cellsOf, heatOf, isArmed, replayOf, shareIn, type Span } from '../src/zoneReplay'

const GRID = { columns: 16, rows: 9 }
const LEFT: Point[] = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
const NIGHT = { armed: '22:00-06:00', armed_days_off: null }
const ALWAYS = { armed: null, armed_days_off: null }

const span = (cell: number | null, hour: number, seconds: number, more: Partial<Span> = {}): Span => ({
  from_ms: 0,
  to_ms: seconds * 1000,
  cells: cell === null ? null : new Set([cell]),
  minute: hour * 60,
  off: false,
  was_off: false,
  ...more,
})
const ZONE: Zone = { name: 'gate', kind: 'loiter', polygon: LEFT, dwell: '20s', min_height: null, armed: null, armed_days_off: null }

describe('cells', () => {
  it('are read from digits, the first cell the highest bit', () => {
    expect([...cellsOf(`81${'0'.repeat(33)}1`)!]).toEqual([0, 7, 143])
    expect(cellsOf(null)).toBeNull()
  })

  it('are in a polygon when some part of them is', () => {
    const left = cellsIn(LEFT, GRID)
    expect(left.size).toBe(8 * 9)
    expect(left.has(7)).toBe(true)
    expect(left.has(8)).toBe(false)
  })

  it('are counted', () => {
    const heat = heatOf([span(3, 1, 1), span(3, 1, 1), span(null, 1, 1)], GRID)
    expect(heat).toHaveLength(144)
    expect(heat[3]).toBe(2)
  })
})

describe('armed hours', () => {
  const at = (hour: number, more: Partial<Span> = {}) => span(0, hour, 1, more)

  it('run over midnight and belong to the day on which they begin', () => {
    expect([21, 22, 3, 6].map((hour) => isArmed(NIGHT, at(hour)))).toEqual([false, true, true, false])
    const off = { armed: '22:00-06:00', armed_days_off: '20:00-23:00' }
    expect(isArmed(off, at(20, { off: true }))).toBe(true)
    expect(isArmed(off, at(3, { was_off: true }))).toBe(false)
    expect(isArmed(off, at(3, { off: true }))).toBe(true)
  })

  it('are always where none are said, and all day where both ends are the same', () => {
    expect(isArmed(ALWAYS, at(12))).toBe(true)
    expect(isArmed({ armed: '00:00-24:00', armed_days_off: null }, at(12))).toBe(true)
    expect(isArmed({ armed: null, armed_days_off: '10:00-11:00' }, at(12, { off: true }))).toBe(false)
  })
})

describe('a replay', () => {
  it('counts what touches the zone in its hours, and says what it cannot know', () => {
    const spans = [span(0, 23, 30), span(7, 23, 5), span(0, 2, 20), span(0, 12, 60), span(15, 23, 99), span(null, 23, 9)]
    expect(replayOf(ZONE, NIGHT, '20s', spans, GRID)).toEqual({
      seen: 3,
      unarmed: 1,
      longest_s: 30,
      asLong: 2,
      unplaced: 1,
      byHour: [{ hour: 23, count: 2 }, { hour: 2, count: 1 }],
    })
  })

  it('knows which share of a zone motion zones cover', () => {
    const all: Point[] = [[0, 0], [1, 0], [1, 1], [0, 1]]
    expect(shareIn(all, [LEFT])).toBeCloseTo(0.5, 1)
    expect(shareIn(LEFT, [all])).toBe(1)
    expect(shareIn(LEFT, [])).toBe(0)
    expect(shareIn([], [all])).toBe(0)
  })
})
