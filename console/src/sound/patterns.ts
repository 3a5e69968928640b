/**
 * The sounds themselves, as notes and as samples. Pure; playing them is the speaker's part.
 *
 * Loops are whole buffers that the audio thread repeats by itself, so that a browser that slows
 * the timers of a hidden page cannot silence an alarm.
 */
import type { Chime, Loop } from './policy'

interface Note {
  from_s: number
  to_s: number
  /** Pitch at the start and at the end of the note. */
  hz: readonly [number, number]
  /** 0..1 */
  level: number
}

export interface Pattern {
  length_s: number
  notes: readonly Note[]
}

function note(from_s: number, to_s: number, from_hz: number, to_hz: number, level: number): Note {
  return { from_s, to_s, hz: [from_hz, to_hz], level }
}

export const PATTERNS: Record<Loop | Chime, Pattern> = {
  // Rising sweeps, close together: the emergency. Nothing else in the room sounds like it.
  alarm: {
    length_s: 1.6,
    notes: [note(0, 0.5, 620, 1240, 0.8), note(0.55, 1.05, 620, 1240, 0.8)],
  },
  'alarm-once': {
    length_s: 1.6,
    notes: [note(0, 0.5, 620, 1240, 0.8), note(0.55, 1.05, 620, 1240, 0.8)],
  },
  // Two falling tones: the machine, not a person, is in trouble.
  'connection-lost': {
    length_s: 5,
    notes: [note(0, 0.25, 520, 520, 0.45), note(0.3, 0.7, 350, 350, 0.45)],
  },
  'session-ended': {
    length_s: 2,
    notes: [
      note(0, 0.3, 880, 880, 0.75),
      note(0.35, 0.65, 660, 660, 0.75),
      note(0.7, 1.1, 440, 440, 0.75),
    ],
  },
  drill: {
    length_s: 6,
    notes: [note(0, 0.22, 660, 660, 0.2), note(0.3, 0.55, 880, 880, 0.2)],
  },
  'drill-once': { length_s: 0.6, notes: [note(0, 0.22, 660, 660, 0.2)] },
  chime: {
    length_s: 1.3,
    notes: [note(0, 0.4, 784, 784, 0.3), note(0.3, 1.2, 587, 587, 0.3)],
  },
  test: {
    length_s: 0.9,
    notes: [note(0, 0.25, 523, 523, 0.4), note(0.3, 0.8, 784, 784, 0.4)],
  },
}

const EDGE_S = 0.015

/** One round of `pattern` as samples in -1..1. */
export function render(pattern: Pattern, sampleRate: number): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(Math.round(pattern.length_s * sampleRate))
  for (const { from_s, to_s, hz, level } of pattern.notes) {
    const first = Math.round(from_s * sampleRate)
    const count = Math.round((to_s - from_s) * sampleRate)
    let phase = 0
    for (let i = 0; i < count && first + i < samples.length; i += 1) {
      phase += (2 * Math.PI * (hz[0] + ((hz[1] - hz[0]) * i) / count)) / sampleRate
      const edge = Math.min(1, i / (EDGE_S * sampleRate), (count - i) / (EDGE_S * sampleRate))
      // A little of the second and third harmonic: small speakers hardly play a bare sine.
      const wave = Math.sin(phase) + 0.35 * Math.sin(2 * phase) + 0.2 * Math.sin(3 * phase)
      samples[first + i] = (samples[first + i] ?? 0) + (wave / 1.3) * level * edge
    }
  }
  return samples.map((sample) => Math.max(-1, Math.min(1, sample)))
}
