/** What a device says of itself, as far as it can be understood. Pure. */

const LOW = 0.2
const WEAK_DBM = -95

export function batteryOf(said: unknown): { percent: number; isLow: boolean } | null {
  if (typeof said !== 'number' || !(said >= 0 && said <= 1)) return null
  return { percent: Math.round(said * 100), isLow: said < LOW }
}

export function signalOf(said: unknown): { dbm: number; isWeak: boolean } | null {
  if (typeof said !== 'number' || !Number.isFinite(said)) return null
  return { dbm: Math.round(said), isWeak: said < WEAK_DBM }
}
