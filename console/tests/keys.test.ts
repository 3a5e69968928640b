import { describe, expect, it } from 'vitest'

import { zh } from '../src/i18n/zh'
import { KEY_GROUPS, nextOf } from '../src/keys'

describe('the list of keys', () => {
  it('names each key once where it holds, and says in words what it does', () => {
    for (const group of KEY_GROUPS) {
      const keys = group.lines.flatMap((line) => line.keys)
      expect(new Set(keys).size, group.title).toBe(keys.length)
      for (const line of group.lines) expect(zh[line.does]).toBeDefined()
    }
  })

  it('gives no key two meanings on one page', () => {
    const [everywhere, ...pages] = KEY_GROUPS
    const always = everywhere?.lines.flatMap((line) => line.keys) ?? []
    for (const page of pages) {
      for (const line of page.lines) for (const key of line.keys) expect(always).not.toContain(key)
    }
  })
})

describe('moving through a list', () => {
  const rows = ['a', 'b', 'c']

  it('goes on from what has the focus and stops at the ends', () => {
    expect(nextOf(rows, 'a', 1)).toBe('b')
    expect(nextOf(rows, 'c', 1)).toBe('c')
    expect(nextOf(rows, 'a', -1)).toBe('a')
  })

  it('begins at the end it is entered from', () => {
    expect(nextOf(rows, undefined, 1)).toBe('a')
    expect(nextOf(rows, undefined, -1)).toBe('c')
    expect(nextOf([], undefined, 1)).toBeUndefined()
  })
})
