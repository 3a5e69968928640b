import { describe, expect, it } from 'vitest'

import { besideAlarm, nearest, pieceOf } from '../src/motion'

const WINDOW = { from_ms: 1000, to_ms: 2000 }

describe('a piece of the bar', () => {
  it('is the share of the window that it lasted', () => {
    expect(pieceOf(1250, 1500, WINDOW)).toEqual({ x: 0.25, width: 0.25 })
  })

  it('is cut to the window', () => {
    expect(pieceOf(0, 1500, WINDOW)).toEqual({ x: 0, width: 0.5 })
    expect(pieceOf(1500, 9000, WINDOW)).toEqual({ x: 0.5, width: 0.5 })
  })

  it('is wide enough to be seen, also at the very end', () => {
    const piece = pieceOf(1999, 1999, WINDOW)
    expect(piece?.width).toBeGreaterThan(0.005)
    expect((piece?.x ?? 0) + (piece?.width ?? 0)).toBeLessThanOrEqual(1)
  })

  it('is none outside the window, nor in a window without length', () => {
    expect(pieceOf(0, 999, WINDOW)).toBeNull()
    expect(pieceOf(2000, 2500, WINDOW)).toBeNull()
    expect(pieceOf(0, 1, { from_ms: 5, to_ms: 5 })).toBeNull()
  })
})

describe('beside the alarm', () => {
  it('motion was before, during or after it', () => {
    expect(besideAlarm(100, 200, 500)).toEqual({ key: 'motion.before', apart_ms: 300 })
    expect(besideAlarm(400, 600, 500)).toEqual({ key: 'motion.during', apart_ms: 0 })
    expect(besideAlarm(700, 800, 500)).toEqual({ key: 'motion.after', apart_ms: 200 })
  })
})

describe('where there is too much of it', () => {
  it('what is nearest to the alarm is told, in the order of time', () => {
    const spans = [0, 100, 200, 300].map((from_ms) => ({ from_ms, to_ms: from_ms + 10 }))
    expect(nearest(spans, 215, 2).map((one) => one.from_ms)).toEqual([200, 300])
    expect(nearest(spans, 0, 9)).toEqual(spans)
  })
})
