import { describe, expect, it } from 'vitest'

import { goesOn, JUST_ASKED, looked, NOT_FETCHING } from '../src/fetching'

describe('fetching a file whose making takes its time', () => {
  it('is asked after while it was pressed here or is made for anybody', () => {
    expect(goesOn(NOT_FETCHING, null)).toBe(false)
    expect(goesOn(JUST_ASKED, null)).toBe(true)
    expect(goesOn(NOT_FETCHING, 0)).toBe(true)
  })

  it('goes on however long it is being made', () => {
    let now = JUST_ASKED
    for (let n = 0; n < 100; n += 1) now = looked(now, n)
    expect(now).toEqual(JUST_ASKED)
  })

  it('is given up when nothing is heard of it any more', () => {
    let now = looked(JUST_ASKED, 40)
    let looks = 0
    while (goesOn(now, null)) {
      now = looked(now, null)
      looks += 1
    }
    expect(looks).toBe(5)
  })

  it('is not begun by looking', () => {
    expect(looked(NOT_FETCHING, null)).toEqual(NOT_FETCHING)
  })
})
