/**
 * Days and times of day as people type them, the same in both languages: 2026-11-21, 21:03, or both.
 * Pure. What a browser draws for such fields follows its own language, not the console's.
 */

export type TimeKind = 'day' | 'time' | 'moment'

export const EXAMPLE: Record<TimeKind, string> = {
  day: '2026-11-21',
  time: '21:03',
  moment: '2026-11-21 21:03',
}

const DAY = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))$/
const TIME = /^(?:(\d{1,2}):|(\d{2}))(\d{2})$/
const MOMENT = /^(\d{8}(?=\d{4}$)|\S+?(?=[T\s]))[T\s]*(\S+)$/

/** For a field's text: `value` is as browsers keep it (2026-11-21T21:03). */
export function shownAs(value: string): string {
  return value.replace('T', ' ')
}

/** What was meant, as browsers keep it; '' of nothing, null of what is no such day or time. */
export function readTyped(kind: TimeKind, text: string): string | null {
  // the width of a Chinese keyboard's digits and colons says nothing
  const plain = text.normalize('NFKC').trim()
  if (plain === '') return ''
  if (kind === 'day') return dayIn(plain)
  if (kind === 'time') return timeIn(plain)
  const both = MOMENT.exec(plain)
  const day = dayIn(both?.[1] ?? '')
  const time = timeIn(both?.[2] ?? '')
  return day === null || time === null ? null : `${day}T${time}`
}

function dayIn(text: string): string | null {
  const found = DAY.exec(text)
  if (found === null) return null
  const [year, month, day] = [found[1], found[2] ?? found[4], found[3] ?? found[5]].map(Number)
  const ms = Date.UTC(year!, month! - 1, day)
  const said = `${found[1]}-${two(month!)}-${two(day!)}`
  // the 31st of November would be the first of December
  return new Date(ms).toISOString().startsWith(said) ? said : null
}

function timeIn(text: string): string | null {
  const found = TIME.exec(text)
  if (found === null) return null
  const [hour, minute] = [Number(found[1] ?? found[2]), Number(found[3])]
  return hour > 23 || minute > 59 ? null : `${two(hour)}:${two(minute)}`
}

const two = (number: number) => String(number).padStart(2, '0')
