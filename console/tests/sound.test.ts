import { describe, expect, it } from 'vitest'

import { PATTERNS, render } from '../src/sound/patterns'
import { decideSound, type Heard } from '../src/sound/policy'
import { incident, taken } from './incident'

const FINE = { maySign: true, username: 'duty2', sessionEnded: false, connectionLost: false }
const NOTHING: Heard = new Map()

describe('the alarm', () => {
  it('goes on until somebody has signed', () => {
    expect(decideSound([incident()], FINE, NOTHING).loop).toBe('alarm')
    expect(decideSound([taken()], FINE, NOTHING).loop).toBeNull()
  })

  it('goes on for whoever must confirm too, and for nobody else, after another has signed', () => {
    const signed = taken({ asked: ['duty2'] })
    expect(decideSound([signed], FINE, NOTHING).loop).toBe('alarm')
    expect(decideSound([signed], { ...FINE, username: 'leader' }, NOTHING).loop).toBeNull()
    expect(decideSound([{ ...signed, stage: 'closed' }], FINE, NOTHING).loop).toBeNull()
  })

  it('sounds for silent and duress presses too: this is the duty room, not the household', () => {
    const silent = incident({ kind: 'duress', silent: true })
    expect(decideSound([silent], FINE, NOTHING).loop).toBe('alarm')
  })

  it('is soft for a drill, and not soft when something real comes beside it', () => {
    const drill = incident({ id: 'd', drill: true, ring_style: 'soft' })
    expect(decideSound([drill], FINE, NOTHING).loop).toBe('drill')
    expect(decideSound([drill, incident()], FINE, NOTHING).loop).toBe('alarm')
  })

  it('sounds once more when a taken incident rings again', () => {
    const heard = decideSound([taken({ ring: 1 })], FINE, NOTHING).heard
    expect(decideSound([taken({ ring: 2 })], FINE, heard).once).toBe('alarm-once')
  })

  it('does not sound for what was taken before this screen was opened', () => {
    expect(decideSound([taken({ ring: 3 })], FINE, NOTHING).once).toBeNull()
  })
})

describe('somebody who may not sign', () => {
  it('is told once a ring, and not rung at', () => {
    const guest = { ...FINE, maySign: false }
    const first = decideSound([incident()], guest, NOTHING)
    expect(first).toMatchObject({ loop: null, once: 'alarm-once' })
    expect(decideSound([incident()], guest, first.heard).once).toBeNull()
  })
})

describe('loitering', () => {
  const loitering = incident({ kind: 'loitering' })

  it('sounds a chime once a ring and never goes on', () => {
    const first = decideSound([loitering], FINE, NOTHING)
    expect(first).toMatchObject({ loop: null, once: 'chime' })
    expect(decideSound([loitering], FINE, first.heard).once).toBeNull()
    expect(decideSound([{ ...loitering, ring: 2 }], FINE, first.heard).once).toBe('chime')
  })
})

describe('what a rule has muted', () => {
  it('never sounds', () => {
    const muted = incident({ kind: 'loitering', ring: 0 })
    expect(decideSound([muted], FINE, NOTHING)).toMatchObject({ loop: null, once: null })
  })

  it('sounds all the same when it is a press: that could only be a mistake', () => {
    expect(decideSound([incident({ ring: 0 })], FINE, NOTHING).loop).toBe('alarm')
  })
})

describe('a drill that is made real', () => {
  it('rings as any other', () => {
    const drill = incident({ drill: true, ring_style: 'soft' })
    expect(decideSound([drill], FINE, NOTHING).loop).toBe('drill')
    expect(decideSound([{ ...drill, drill: false, ring_style: 'normal' }], FINE, NOTHING).loop).toBe('alarm')
  })

  it('is never soft for anything that is no drill', () => {
    expect(decideSound([incident({ ring_style: 'soft' })], FINE, NOTHING).loop).toBe('alarm')
  })
})

describe('the system about itself', () => {
  it('rings for an empty chair, and tells once of a gap in the rota', () => {
    expect(decideSound([incident({ kind: 'unattended' })], FINE, NOTHING).loop).toBe('alarm')
    const gap = incident({ kind: 'rota_gap' })
    expect(decideSound([gap], FINE, NOTHING)).toMatchObject({ loop: null, once: 'chime' })
  })
})

describe('the state of the line', () => {
  it('is heard when the connection is lost', () => {
    expect(decideSound([], { ...FINE, connectionLost: true }, NOTHING).loop).toBe('connection-lost')
  })

  it('does not cover an emergency', () => {
    const lost = { ...FINE, connectionLost: true }
    expect(decideSound([incident()], lost, NOTHING).loop).toBe('alarm')
  })

  it('is heard above all when the session has ended', () => {
    const ended = { ...FINE, sessionEnded: true }
    expect(decideSound([incident()], ended, NOTHING).loop).toBe('session-ended')
  })
})

describe('every sound', () => {
  it.each(Object.entries(PATTERNS))('%s can be heard and does not clip', (_name, pattern) => {
    const samples = render(pattern, 8_000)
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
    expect(samples).toHaveLength(Math.round(pattern.length_s * 8_000))
    expect(peak).toBeGreaterThan(0.1)
    expect(peak).toBeLessThanOrEqual(1)
  })

  it('of a drill is softer than the alarm', () => {
    const loudness = (name: 'alarm' | 'drill') =>
      Math.max(...PATTERNS[name].notes.map((note) => note.level))
    expect(loudness('drill')).toBeLessThan(loudness('alarm') / 2)
  })
})
