import { describe, expect, it } from 'vitest'

import { EXAMPLE, readTyped, shownAs } from '../src/typedTime'

describe('a day or time that was typed', () => {
  it.each([
    ['day', '2026-11-21', '2026-11-21'],
    ['day', '2026/1/2', '2026-01-02'],
    ['day', '2026年1月2日', '2026-01-02'],
    ['day', '20261121', '2026-11-21'],
    ['time', '9:05', '09:05'],
    ['time', '2103', '21:03'],
    ['time', '２１：０３', '21:03'],
    ['moment', '2026-11-21 21:03', '2026-11-21T21:03'],
    ['moment', '2026-11-21T21:03', '2026-11-21T21:03'],
    ['moment', '202611212103', '2026-11-21T21:03'],
    ['moment', ' 2026.1.2   0:00 ', '2026-01-02T00:00'],
  ] as const)('%s “%s” means %s', (kind, text, meant) => {
    expect(readTyped(kind, text)).toBe(meant)
  })

  it.each([
    ['day', '2026-11-31'],
    ['day', '2026-13-01'],
    ['day', '2026-11'],
    ['time', '24:00'],
    ['time', '12:60'],
    ['time', '9'],
    ['moment', '2026-11-21'],
    ['moment', '21:03'],
    ['moment', 'morgen'],
  ] as const)('%s “%s” is none', (kind, text) => {
    expect(readTyped(kind, text)).toBeNull()
  })

  it('left empty is empty', () => {
    expect(readTyped('moment', ' ')).toBe('')
  })

  it.each(['day', 'time', 'moment'] as const)('is shown as it may be typed: %s', (kind) => {
    expect(shownAs(readTyped(kind, EXAMPLE[kind])!)).toBe(EXAMPLE[kind])
  })
})
