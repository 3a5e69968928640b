import { describe, expect, it } from 'vitest'

import { partOf } from '../src/live/frames'
import { FilmClock, phaseOf, STALE_MS } from '../src/live/freshness'

function message(...bytes: number[]): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

const HEAD = [1, 3, 7, 1, 0, 0, 0, 5, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 9]

describe('the framing', () => {
  it('reads the head the server writes', () => {
    const part = partOf(message(...HEAD, 0x6a, 0x70))
    expect(part).toMatchObject({ kind: 'picture', view: 7, leftOut: true, number: 5, mediaMs: 9 })
    expect(part?.atMs).toBe(0x010203040506)
    expect([...(part?.data ?? [])]).toEqual([0x6a, 0x70])
  })

  it('passes over what it does not know', () => {
    expect(partOf(message(...HEAD.slice(0, 19)))).toBeNull()
    expect(partOf(message(2, ...HEAD.slice(1)))).toBeNull()
    expect(partOf(message(1, 9, ...HEAD.slice(2)))).toBeNull()
  })
})

describe("a film's clock", () => {
  it('knows when a place of the film was filmed', () => {
    const clock = new FilmClock()
    expect(clock.at(0)).toBeNull()
    clock.note(1_000, 500_000)
    clock.note(2_000, 560_000)
    expect(clock.at(900)).toBe(499_900)
    expect(clock.at(1_500)).toBe(559_500)
    expect(clock.at(2_100)).toBe(560_100)
  })

  it('forgets what was long ago', () => {
    const clock = new FilmClock()
    for (let n = 0; n < 1_000; n += 1) clock.note(n, n)
    expect(clock.at(0)).toBe(0)
  })
})

describe('what is called live', () => {
  const seen = { over: null, shownAtMs: 100_000, changedMs: 90_000 }

  it('is new by both clocks', () => {
    expect(phaseOf(seen, 100_000 + STALE_MS, 90_000 + STALE_MS)).toBe('playing')
  })

  it('is not a picture that is old when it comes', () => {
    expect(phaseOf(seen, 100_001 + STALE_MS, 90_000)).toBe('stale')
  })

  it('is not a picture that stands still', () => {
    expect(phaseOf(seen, 100_000, 90_001 + STALE_MS)).toBe('stale')
  })

  it('is nothing before the first picture', () => {
    expect(phaseOf({ over: null, shownAtMs: null, changedMs: null }, 1, 1)).toBe('starting')
    expect(phaseOf({ over: null, shownAtMs: 1, changedMs: null }, 1, 1)).toBe('starting')
  })

  it('is nothing after its end, however new the last picture', () => {
    expect(phaseOf({ ...seen, over: { refused: false } }, 100_000, 90_000)).toBe('ended')
    expect(phaseOf({ ...seen, over: { refused: true } }, 100_000, 90_000)).toBe('refused')
  })
})
