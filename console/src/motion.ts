/** Where motion lies in the minutes around an incident. Pure: moments are Unix milliseconds. */

export interface Window {
  from_ms: number
  to_ms: number
}

export interface Piece {
  x: number
  width: number
}

/** Below this share of the bar a piece could not be seen. */
const LEAST = 0.008

/** As shares of the window, cut to it; null where it lies outside. */
export function pieceOf(from_ms: number, to_ms: number, window: Window): Piece | null {
  const length = window.to_ms - window.from_ms
  if (length <= 0 || to_ms < window.from_ms || from_ms >= window.to_ms) return null
  const begin = Math.max(0, (from_ms - window.from_ms) / length)
  const end = Math.min(1, (to_ms - window.from_ms) / length)
  const width = Math.max(LEAST, end - begin)
  return { x: Math.min(begin, 1 - width), width }
}

export interface Beside {
  key: 'motion.before' | 'motion.during' | 'motion.after'
  /** How far from the alarm, ms; 0 for one that was going on. */
  apart_ms: number
}

/** Whether it was over before the alarm, going on, or began after it. */
export function besideAlarm(from_ms: number, to_ms: number, alarm_ms: number): Beside {
  if (to_ms < alarm_ms) return { key: 'motion.before', apart_ms: alarm_ms - to_ms }
  if (from_ms > alarm_ms) return { key: 'motion.after', apart_ms: from_ms - alarm_ms }
  return { key: 'motion.during', apart_ms: 0 }
}

/** Those nearest to the alarm, in the order of time. */
export function nearest<T extends { from_ms: number; to_ms: number }>(
  spans: readonly T[],
  alarm_ms: number,
  most: number,
): T[] {
  const apart = (one: T) => besideAlarm(one.from_ms, one.to_ms, alarm_ms).apart_ms
  return [...spans]
    .sort((a, b) => apart(a) - apart(b) || a.from_ms - b.from_ms)
    .slice(0, most)
    .sort((a, b) => a.from_ms - b.from_ms)
}
