import { describe, expect, it } from 'vitest'

import { fitted, isKeptAsItIs, LARGEST_BYTES } from '../src/photograph'

describe('a photograph', () => {
  it('that can be kept as it is is not touched', () => {
    expect(isKeptAsItIs({ type: 'image/jpeg', size: LARGEST_BYTES })).toBe(true)
    expect(isKeptAsItIs({ type: 'image/jpeg', size: LARGEST_BYTES + 1 })).toBe(false)
    expect(isKeptAsItIs({ type: 'image/png', size: 10 })).toBe(false)
  })

  it('that is too large is made smaller in both directions alike', () => {
    expect(fitted(6000, 4000)).toEqual({ width: 3000, height: 2000 })
    expect(fitted(1000, 4000)).toEqual({ width: 750, height: 3000 })
    expect(fitted(800, 600)).toEqual({ width: 800, height: 600 })
    expect(fitted(30000, 1)).toEqual({ width: 3000, height: 1 })
  })
})
