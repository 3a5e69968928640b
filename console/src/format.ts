/** Times and ages as people read them. Pure: the moment and the time zone are arguments. */
import type { Key, Params } from './i18n'

export interface Age {
  key: Key
  params: Params
}

/** How long `ms` is, in the two largest units. A negative age (clocks differ) is zero. */
export function ageOf(ms: number): Age {
  const total_s = Math.max(0, Math.floor(ms / 1000))
  const s = total_s % 60
  const m = Math.floor(total_s / 60) % 60
  const h = Math.floor(total_s / 3600) % 24
  const d = Math.floor(total_s / 86_400)
  if (d > 0) return { key: 'age.days', params: { d, h } }
  if (h > 0) return { key: 'age.hours', params: { h, m } }
  if (m > 0) return { key: 'age.minutes', params: { m, s: String(s).padStart(2, '0') } }
  return { key: 'age.seconds', params: { s } }
}

/** 21:03:10 in the site's time zone. */
export function clockTime(ms: number, timeZone: string): string {
  return part(ms, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

/** 21:03:10 today, 11-20 21:03 on another day. */
export function momentTime(ms: number, now_ms: number, timeZone: string): string {
  const today = dayOf(ms, timeZone) === dayOf(now_ms, timeZone)
  return today ? clockTime(ms, timeZone) : minuteTime(ms, now_ms, timeZone)
}

/** 21:03 today, 11-20 21:03 on another day. */
export function minuteTime(ms: number, now_ms: number, timeZone: string): string {
  const time = part(ms, timeZone, { hour: '2-digit', minute: '2-digit' })
  const day = dayOf(ms, timeZone)
  return day === dayOf(now_ms, timeZone) ? time : `${day.slice(5)} ${time}`
}

/** 2026-11-21 in the site's time zone. */
export function dayOf(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(ms)
}

export function weekday(ms: number, timeZone: string, language: 'zh' | 'en'): string {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  return new Intl.DateTimeFormat(locale, { timeZone, weekday: 'short' }).format(ms)
}

function part(ms: number, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone, hourCycle: 'h23' }).format(ms)
}
