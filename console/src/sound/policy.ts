/**
 * Which sound the duty room must hear. Pure: incidents and the state of the line in, sounds out.
 * How a sound is made lives in `patterns.ts` and `speaker.ts`.
 */
import type { Incident } from '../api/types'
import { asks, isLifeSafety, isMuted, isOpen, needsSigning } from '../state/incidents'

/** Sounds that go on until their reason is gone, loudest first. */
export type Loop = 'session-ended' | 'alarm' | 'connection-lost' | 'drill'
/** Sounds that are heard once. */
export type Chime = 'alarm-once' | 'chime' | 'drill-once' | 'test'

export interface Listener {
  /** Whoever cannot sign cannot end a ringing either: they are told once, not rung at. */
  maySign: boolean
  /** Whoever is called until they confirm is rung at by their own name. */
  username: string | null
  sessionEnded: boolean
  /** Lost for longer than a blink. */
  connectionLost: boolean
}

/** The highest `ring` already heard, by incident id. */
export type Heard = ReadonlyMap<string, number>

export interface Sounding {
  loop: Loop | null
  once: Chime | null
  heard: Heard
}

export function decideSound(incidents: readonly Incident[], listener: Listener, heard: Heard): Sounding {
  const open = incidents.filter(isOpen)
  const loop = decideLoop(open, listener)
  const next = new Map<string, number>()
  const fresh: Chime[] = []
  for (const incident of open) {
    const before = heard.get(incident.id)
    next.set(incident.id, Math.max(incident.ring, before ?? 0))
    if (incident.ring > (before ?? 0)) {
      const chime = chimeFor(incident, before !== undefined, listener.maySign)
      if (chime !== null) fresh.push(chime)
    }
  }
  return { loop, once: fresh.sort((a, b) => LOUDEST[a] - LOUDEST[b])[0] ?? null, heard: next }
}

const LOUDEST: Record<Chime, number> = { 'alarm-once': 0, chime: 1, 'drill-once': 2, test: 3 }

function decideLoop(open: readonly Incident[], listener: Listener): Loop | null {
  if (listener.sessionEnded) return 'session-ended'
  const unsigned = listener.maySign
    ? open.filter(
        (incident) =>
          (needsSigning(incident) || asks(incident, listener.username)) &&
          isLifeSafety(incident) &&
          !isMuted(incident),
      )
    : []
  if (unsigned.some((incident) => !isSoft(incident))) return 'alarm'
  if (listener.connectionLost) return 'connection-lost'
  return unsigned.length > 0 ? 'drill' : null
}

/** A drill rings softly; what the server wants loud is never made soft here. */
function isSoft(incident: Incident): boolean {
  return incident.drill && incident.ring_style !== 'normal'
}

function chimeFor(incident: Incident, seenBefore: boolean, maySign: boolean): Chime | null {
  if (needsSigning(incident)) {
    // The loop sounds for these.
    if (isLifeSafety(incident) && maySign) return null
    if (isSoft(incident)) return 'drill-once'
    return isLifeSafety(incident) ? 'alarm-once' : 'chime'
  }
  // Taken already, and rung again: one burst. On the first sight of a taken one, silence.
  if (!seenBefore) return null
  if (isSoft(incident)) return 'drill-once'
  return isLifeSafety(incident) ? 'alarm-once' : 'chime'
}
