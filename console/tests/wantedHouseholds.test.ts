import { describe, expect, it } from 'vitest'

import { queryOf, wantedIn } from '../src/wantedHouseholds'

describe('the address of the list of households', () => {
  it('says no more than what the list is narrowed to', () => {
    expect(queryOf(wantedIn({ village: 'v1', search: '', gone: '1', other: 'x' }))).toEqual({
      village: 'v1',
      gone: '1',
    })
  })

  it('that names a place twice narrows by neither', () => {
    expect(wantedIn({ village: ['v1', 'v2'] }).village).toBe('')
  })
})
