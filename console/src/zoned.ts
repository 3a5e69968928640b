/** Times as people type them, in the site's zone, wherever the browser is. Pure. */

/** 2026-11-21T21:03, for a field of type datetime-local. */
export function toLocalInput(ms: number, timeZone: string): string {
  const day = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  }).format(ms)
  return day.replace(' ', 'T')
}

/** The moment meant by such a field, RFC 3339; null when it is empty or nonsense. */
export function fromLocalInput(value: string, timeZone: string): string | null {
  const wall = Date.parse(`${value}Z`)
  if (Number.isNaN(wall)) return null
  // Twice: near a change of clocks the first guess may have looked up the other side's offset.
  let ms = wall - offsetMs(wall, timeZone)
  ms = wall - offsetMs(ms, timeZone)
  return new Date(ms).toISOString()
}

/** How far the zone's clocks are ahead of UTC at this moment. */
function offsetMs(ms: number, timeZone: string): number {
  const wall = Date.parse(`${toLocalInput(ms, timeZone)}Z`)
  return wall - Math.floor(ms / 60_000) * 60_000
}
