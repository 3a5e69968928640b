import { describe, expect, it } from 'vitest'

import type { Group, Load, Measure, Spread } from '../src/api/appraisal'
import { bucketBars, countOf, groupBars, hourBars, monthOf, percent, speedTurn, spreadOf } from '../src/appraisal'

const spread = (measured: number, median_s: number | null = null): Spread => ({
  measure: 'sign_for',
  measured,
  missing: 0,
  not_sent: 0,
  unclear: 0,
  buckets: [measured, 0],
  shares: null,
  median_s,
  p90_s: median_s,
  few: true,
})
const group = (zh: string, ...spreads: Spread[]): Group => ({ id: zh, zh, en: `${zh} en`, count: 1, spreads })

describe('a month', () => {
  it('that runs ends today', () => {
    expect(monthOf('2026-11-22', 0)).toEqual({ from: '2026-11-01', to: '2026-11-22' })
  })

  it('that is over is whole, also over the turn of a year', () => {
    expect(monthOf('2026-11-22', 1)).toEqual({ from: '2026-10-01', to: '2026-10-31' })
    expect(monthOf('2026-03-31', 1)).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(monthOf('2026-01-05', 1)).toEqual({ from: '2025-12-01', to: '2025-12-31' })
  })
})

describe('a time beside another', () => {
  it('is faster, slower or the same, and nothing where one is not known', () => {
    expect([speedTurn(5, 9), speedTurn(9, 5), speedTurn(5, 5)]).toEqual(['less', 'more', 'same'])
    expect([speedTurn(null, 5), speedTurn(5, null)]).toEqual([null, null])
  })
})

describe('numbers', () => {
  it('of few are no share', () => {
    expect([percent(0.985), percent(null)]).toEqual(['98.5%', null])
  })

  it('of a part that is not named are none', () => {
    const parts = [{ id: 'open', zh: '', en: '', count: 3, before: 1 }]
    expect([countOf(parts, 'open'), countOf(parts, 'counted')]).toEqual([3, 0])
  })
})

describe('bars', () => {
  it('show the buckets of both periods', () => {
    const measure: Measure = {
      measure: 'sign_for',
      zh: '签收',
      en: 'Sign-for',
      span_zh: '',
      span_en: '',
      buckets: [{ zh: '快', en: 'fast' }, { zh: '慢', en: 'slow' }],
      now: spread(3),
      before: spread(2),
    }
    expect(bucketBars(measure, 'en', { now: 'now', before: 'before' })).toEqual({
      categories: ['fast', 'slow'],
      series: [{ name: 'now', values: [3, 0] }, { name: 'before', values: [2, 0] }],
      lying: true,
    })
  })

  it('show groups in minutes, and none of which nothing is known', () => {
    const groups = [group('东村', spread(2, 90)), group('西村', spread(0)), group('北村')]
    const bars = groupBars(groups, 'sign_for', 'zh', { median: 'm', p90: 'p' }, 20)
    expect(bars.categories).toEqual(['东村'])
    expect(bars.series[0]).toEqual({ name: 'm', values: [1.5] })
    expect(spreadOf(groups[2]!, 'sign_for')).toBeNull()
  })

  it('of the hours stand against what is bearable', () => {
    const hours = [{ hour: 0, alarms: 2, officer_hours: 1, rate: 2 }, { hour: 1, alarms: 0, officer_hours: 0, rate: null }]
    const bars = hourBars({ hours, bearable: 6 } as Load, { rate: 'r', limit: 'l' })
    expect(bars).toEqual({
      categories: ['00', '01'],
      series: [{ name: 'r', values: [2, null] }],
      limit: { name: 'l', value: 6 },
      lying: false,
    })
  })
})
