import { describe, expect, it } from 'vitest'

import { ageOf, clockTime, dayOf, momentTime } from '../src/format'

const NINE_PM = Date.parse('2026-11-21T21:03:10+08:00')

describe('times', () => {
  it('are told in the time zone of the site, wherever the browser is', () => {
    expect(clockTime(NINE_PM, 'Asia/Shanghai')).toBe('21:03:10')
    expect(clockTime(NINE_PM, 'Asia/Urumqi')).toBe('19:03:10')
    expect(dayOf(NINE_PM, 'Asia/Shanghai')).toBe('2026-11-21')
  })

  it('of another day bear their date', () => {
    expect(momentTime(NINE_PM, NINE_PM + 60_000, 'Asia/Shanghai')).toBe('21:03:10')
    expect(momentTime(NINE_PM, NINE_PM + 86_400_000, 'Asia/Shanghai')).toBe('11-21 21:03')
  })

  it('at midnight begin with 00', () => {
    expect(clockTime(Date.parse('2026-11-21T00:00:05+08:00'), 'Asia/Shanghai')).toBe('00:00:05')
  })
})

describe('an age', () => {
  it.each([
    [-3_000, 'age.seconds', { s: 0 }],
    [59_999, 'age.seconds', { s: 59 }],
    [65_000, 'age.minutes', { m: 1, s: '05' }],
    [3_700_000, 'age.hours', { h: 1, m: 1 }],
    [90_000_000, 'age.days', { d: 1, h: 1 }],
  ])('of %i ms is told in its two largest units', (ms, key, params) => {
    expect(ageOf(ms)).toEqual({ key, params })
  })
})
