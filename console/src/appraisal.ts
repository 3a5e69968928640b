/** Periods, changes and bars of the appraisal page. Pure; days are local dates, as browsers keep them. */
import type { Counted, Group, Load, Measure, Named, Spread } from './api/appraisal'
import type { Language } from './i18n'

/** What a chart shows; beside it a table says the same in numbers. */
export interface Bars {
  categories: string[]
  series: { name: string; values: (number | null)[] }[]
  /** What a bar should not pass. */
  limit?: { name: string; value: number }
  /** Long names stand better before lying bars. */
  lying: boolean
}

export const nameOf = (one: Named, language: Language) => (language === 'zh' ? one.zh : one.en)

/** The month of a day, as far as that day; `back` months earlier it is a whole one. */
export function monthOf(today: string, back: number): { from: string; to: string } {
  const [year, month] = today.split('-').map(Number) as [number, number]
  const first = new Date(Date.UTC(year, month - 1 - back, 1))
  if (back === 0) return { from: dayText(first), to: today }
  const last = new Date(Date.UTC(year, month - back, 0))
  return { from: dayText(first), to: dayText(last) }
}

const dayText = (day: Date) => day.toISOString().slice(0, 10)

export type Turn = 'more' | 'less' | 'same'

export const turnOf = (now: number, before: number): Turn =>
  now === before ? 'same' : now > before ? 'more' : 'less'

/** Whether a time is better, worse or as it was; null where one of the two is not known. */
export function speedTurn(now: number | null, before: number | null): Turn | null {
  return now === null || before === null ? null : turnOf(now, before)
}

export const percent = (share: number | null) => (share === null ? null : `${Number((share * 100).toFixed(1))}%`)

/** How many of a part there are; of one the server does not name, none. */
export const countOf = (counts: readonly Counted[], id: string) =>
  counts.find((one) => one.id === id)?.count ?? 0

/** A measure's buckets, this period beside the one before. */
export function bucketBars(
  measure: Measure,
  language: Language,
  names: { now: string; before: string },
): Bars {
  return {
    categories: measure.buckets.map((one) => nameOf(one, language)),
    series: [
      { name: names.now, values: measure.now.buckets },
      { name: names.before, values: measure.before.buckets },
    ],
    lying: true,
  }
}

/** Median and p90 of one measure by group, in minutes; groups of which nothing is known left out. */
export function groupBars(
  groups: readonly Group[],
  measure: string,
  language: Language,
  names: { median: string; p90: string },
  most: number,
): Bars {
  const shown = groups
    .map((group) => ({ group, spread: spreadOf(group, measure) }))
    .filter((one): one is { group: Group; spread: Spread } => one.spread !== null && one.spread.measured > 0)
    .slice(0, most)
  const minutes = (s: number | null) => (s === null ? null : Math.round(s / 6) / 10)
  return {
    categories: shown.map(({ group }) => nameOf(group, language)),
    series: [
      { name: names.median, values: shown.map(({ spread }) => minutes(spread.median_s)) },
      { name: names.p90, values: shown.map(({ spread }) => minutes(spread.p90_s)) },
    ],
    lying: true,
  }
}

export const spreadOf = (group: Group, measure: string): Spread | null =>
  group.spreads.find((one) => one.measure === measure) ?? null

/** Alarms per officer by the hour of the day, against what is bearable. */
export function hourBars(load: Load, names: { rate: string; limit: string }): Bars {
  return {
    categories: load.hours.map((one) => String(one.hour).padStart(2, '0')),
    series: [{ name: names.rate, values: load.hours.map((one) => one.rate) }],
    limit: { name: names.limit, value: load.bearable },
    lying: false,
  }
}
