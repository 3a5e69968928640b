import { describe, expect, it } from 'vitest'

import { fromLocalInput, toLocalInput } from '../src/zoned'

const NINE = Date.parse('2026-11-21T21:03:00+08:00')

describe('a time in a field', () => {
  it('is the site’s, wherever the browser is', () => {
    expect(toLocalInput(NINE, 'Asia/Shanghai')).toBe('2026-11-21T21:03')
    expect(toLocalInput(NINE, 'Europe/Berlin')).toBe('2026-11-21T14:03')
  })

  it.each(['Asia/Shanghai', 'Asia/Urumqi', 'Europe/Berlin', 'America/New_York'])(
    'comes back as the same moment in %s',
    (zone) => {
      expect(fromLocalInput(toLocalInput(NINE, zone), zone)).toBe('2026-11-21T13:03:00.000Z')
    },
  )

  it('beside a change of clocks is the moment that people mean', () => {
    expect(fromLocalInput('2026-10-25T01:30', 'Europe/Berlin')).toBe('2026-10-24T23:30:00.000Z')
    expect(fromLocalInput('2026-10-25T03:30', 'Europe/Berlin')).toBe('2026-10-25T02:30:00.000Z')
  })

  it('that is empty is none', () => {
    expect(fromLocalInput('', 'Asia/Shanghai')).toBeNull()
  })
})
