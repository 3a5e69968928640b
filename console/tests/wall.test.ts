import { describe, expect, it } from 'vitest'

import { Slowness } from '../src/live/slowness'
import { columnsOf, found, pageNear, pageOf, pagesOf, remembered, shown, toggled, USUAL, type Watched } from '../src/wall'

const camera = (id: string, more: Partial<Watched> = {}): Watched => ({
  id, name: `${id} 路口`, village: '东村', state: 'watching', trouble: null, ...more,
})
const TOWN = [camera('a'), camera('b', { state: 'down' }), camera('c', { trouble: 'covered', village: '西村' })]
const ids = (cameras: readonly Watched[]) => cameras.map((one) => one.id)

describe('what a browser remembers of its wall', () => {
  it('is taken as far as it is ours', () => {
    expect(remembered('{"layout":9,"chosen":["a"]}')).toEqual({ layout: 9, chosen: ['a'] })
    expect(remembered('{"layout":5,"chosen":[1,"a"]}')).toEqual({ layout: 4, chosen: ['a'] })
    for (const text of [null, 'x', '7']) expect(remembered(text)).toEqual(USUAL)
  })
})

describe('the list beside it', () => {
  it('is searched by name, village and id, and for trouble', () => {
    expect(ids(found(TOWN, ' A ', false))).toEqual(['a'])
    expect(ids(found(TOWN, '东村 路口', false))).toEqual(['a', 'b'])
    expect(ids(found(TOWN, '', true))).toEqual(['b', 'c'])
  })

  it('finds in thousands without a stutter', () => {
    const many = Array.from({ length: 2500 }, (_, n) => camera(`cam-${n}`))
    expect(found(many, 'cam-2499', false)).toHaveLength(1)
  })
})

describe('the wall', () => {
  it('shows the list until cameras are put up, and forgets those that are gone', () => {
    expect(ids(shown(USUAL, TOWN, [TOWN[2]!]))).toEqual(['c'])
    const two = toggled(toggled(USUAL, 'c'), 'gone')
    expect(ids(shown(two, TOWN, TOWN))).toEqual(['c'])
    expect(toggled(two, 'c').chosen).toEqual(['gone'])
  })

  it('goes page by page', () => {
    expect([pagesOf(0, 4), pagesOf(4, 4), pagesOf(5, 4)]).toEqual([1, 1, 2])
    expect([pageNear(-1, 9, 4), pageNear(1, 9, 4), pageNear(9, 9, 4)]).toEqual([0, 1, 2])
    expect(ids(pageOf(TOWN, 1, 1))).toEqual(['b'])
    expect(columnsOf(16)).toBe(4)
  })
})

describe('a slow machine', () => {
  it('is one that is left behind thrice in twenty seconds', () => {
    const slowness = new Slowness()
    expect([0, 15_000, 21_000, 34_000].map((ms) => slowness.note(ms))).toEqual([false, false, false, true])
  })
})
