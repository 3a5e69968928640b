import { describe, expect, it } from 'vitest'

import { mostDrawn, windowOf } from '../src/virtualList'

describe('the window of a long list', () => {
  it('is what is in sight and a few rows beyond', () => {
    expect(windowOf(5_000, 500, 50, 4_000, 5)).toEqual({ first: 95, end: 115 })
  })

  it('ends with the list, and begins with it', () => {
    expect(windowOf(0, 500, 50, 3)).toEqual({ first: 0, end: 3 })
    expect(windowOf(199_500, 500, 50, 4_000).end).toBe(4_000)
  })

  it('is empty when a shorter list took the place of one that was scrolled', () => {
    expect(windowOf(100_000, 500, 50, 10)).toEqual({ first: 10, end: 10 })
  })

  it('is empty while the list is below the screen', () => {
    expect(windowOf(-5_000, 500, 50, 100)).toEqual({ first: 0, end: 0 })
  })

  it('holds no more rows than there are elements for, wherever one has scrolled to', () => {
    const most = mostDrawn(844, 68, 12)
    for (let scrolled = 0; scrolled < 5_000; scrolled += 7) {
      const { first, end } = windowOf(scrolled, 844, 68, 4_000, 12)
      expect(end - first).toBeLessThanOrEqual(most)
    }
  })
})
