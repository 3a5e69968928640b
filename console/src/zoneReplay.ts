/**
 * What a zone would have had to do with in a night, from what was kept of its motion: coarse cells and
 * times. Neither ways nor people are kept, so that it cannot tell who stayed how long. Pure.
 */
import { isInside, type Point, secondsOf, type Zone } from './zoneDraft'

export interface Grid {
  columns: number
  rows: number
}

export interface Span {
  from_ms: number
  to_ms: number
  /** null: nobody knows where. */
  cells: ReadonlySet<number> | null
  /** Of the local day on which it began. */
  minute: number
  off: boolean
  was_off: boolean
}

export interface Hours {
  armed: string | null
  armed_days_off: string | null
}

export interface Replay {
  /** Spans that touch the zone in its armed hours … */
  seen: number
  /** … and outside of them. */
  unarmed: number
  longest_s: number
  /** Of `seen`, as long as the dwell or longer: so often at most somebody could have loitered. */
  asLong: number
  /** Spans of which nobody knows where. */
  unplaced: number
  /** Of `seen`, by the hour in which they began. */
  byHour: { hour: number; count: number }[]
}

const SAMPLES = 5

/** Out of hexadecimal digits, the first cell the highest bit. */
export function cellsOf(hex: string | null): ReadonlySet<number> | null {
  if (hex === null) return null
  const cells = new Set<number>()
  ;[...hex].forEach((digit, at) => {
    const bits = parseInt(digit, 16)
    for (let bit = 0; bit < 4; bit += 1) if ((bits & (8 >> bit)) !== 0) cells.add(at * 4 + bit)
  })
  return cells
}

/** The cells of which some part lies in it. */
export function cellsIn(polygon: readonly Point[], { columns, rows }: Grid): ReadonlySet<number> {
  const cells = new Set<number>()
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      for (let n = 0; n < SAMPLES * SAMPLES; n += 1) {
        const x = (column + ((n % SAMPLES) + 0.5) / SAMPLES) / columns
        const y = (row + (Math.floor(n / SAMPLES) + 0.5) / SAMPLES) / rows
        if (!isInside(polygon, x, y)) continue
        cells.add(row * columns + column)
        break
      }
    }
  }
  return cells
}

const minutesOf = (text: string) => {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return (hour * 60 + minute) % 1440
}

function covers(hours: string | null, minute: number, isNextDay: boolean): boolean {
  if (hours === null) return !isNextDay
  const [start = 0, end = 0] = hours.split('-').map(minutesOf)
  if (isNextDay) return end < start && minute < end
  return start === end || (start <= minute && (minute < end || end < start))
}

/** Hours over midnight belong to the day on which they begin. */
export function isArmed(hours: Hours, span: Pick<Span, 'minute' | 'off' | 'was_off'>): boolean {
  const of = (off: boolean) => (off && hours.armed_days_off !== null ? hours.armed_days_off : hours.armed)
  return covers(of(span.off), span.minute, false) || covers(of(span.was_off), span.minute, true)
}

const lasted = (span: Span) => (span.to_ms - span.from_ms) / 1000

export function replayOf(zone: Zone, hours: Hours, dwell: string, spans: readonly Span[], grid: Grid): Replay {
  const own = cellsIn(zone.polygon, grid)
  const touching = spans.filter((span) => span.cells !== null && [...span.cells].some((cell) => own.has(cell)))
  const seen = touching.filter((span) => isArmed(hours, span))
  const dwell_s = secondsOf(dwell) ?? 0
  const counts = new Map<number, number>()
  for (const span of seen) {
    const hour = Math.floor(span.minute / 60)
    counts.set(hour, (counts.get(hour) ?? 0) + 1)
  }
  return {
    seen: seen.length,
    unarmed: touching.length - seen.length,
    longest_s: seen.reduce((longest, span) => Math.max(longest, lasted(span)), 0),
    asLong: seen.filter((span) => lasted(span) >= dwell_s).length,
    unplaced: spans.filter((span) => span.cells === null).length,
    byHour: [...counts].map(([hour, count]) => ({ hour, count })),
  }
}

/** How many spans touched each cell, row by row. */
export function heatOf(spans: readonly Span[], { columns, rows }: Grid): number[] {
  const heat = new Array<number>(columns * rows).fill(0)
  for (const span of spans) {
    for (const cell of span.cells ?? []) if (cell < heat.length) heat[cell]! += 1
  }
  return heat
}

/** Which share of it lies in one of the others: only there is anything known of motion. */
export function shareIn(polygon: readonly Point[], others: readonly (readonly Point[])[]): number {
  const steps = 60
  let own = 0
  let both = 0
  for (let n = 0; n < steps * steps; n += 1) {
    const x = ((n % steps) + 0.5) / steps
    const y = (Math.floor(n / steps) + 0.5) / steps
    if (!isInside(polygon, x, y)) continue
    own += 1
    if (others.some((other) => isInside(other, x, y))) both += 1
  }
  return own === 0 ? 0 : both / own
}
