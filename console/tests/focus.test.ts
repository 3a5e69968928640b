import { describe, expect, it } from 'vitest'

import type { Incident } from '../src/api/types'
import { inFocus, type Mine, takenUp } from '../src/focus'
import { byUrgency } from '../src/state/incidents'
import { incident, taken } from './incident'

const NOW_MS = Date.parse('2026-11-21T21:30:00+08:00')
const later = '2026-11-21T21:20:00+08:00'
const oldest = taken({ id: 'oldest' })
const signed = taken({ id: 'signed', opened_at: later })

function shown(open: Incident[], mine: Mine | null, held: string | null = null, held_ms = 0) {
  const before = held === null ? null : { id: held, since_ms: NOW_MS - held_ms }
  return inFocus([...open].sort(byUrgency), mine, before, NOW_MS)?.id
}

describe('the panel of the board', () => {
  it('stays with what was just signed for, not with the oldest', () => {
    expect(shown([oldest, signed], { id: 'signed', step: 'verify' })).toBe('signed')
  })

  it('leaves it for an unsigned press', () => {
    const press = incident({ id: 'press' })
    expect(shown([oldest, signed, press], { id: 'signed', step: 'verify' })).toBe('press')
  })

  it('stays with it beside an unsigned loitering or drill', () => {
    const waiting = [incident({ id: 'l', kind: 'loitering' }), incident({ id: 'd', drill: true })]
    expect(shown([...waiting, signed], { id: 'signed', step: 'verify' })).toBe('signed')
    expect(shown([...waiting, signed], null)).toBe('l')
  })

  it('leaves it once its next step is done, suspended or closed', () => {
    const done = taken({ ...signed, next: { action: 'dispatch', due_at: null, due_for: null } })
    const suspended = { ...signed, suspended_until: later }
    for (const open of [[oldest, done], [oldest, suspended], [oldest]]) {
      expect(shown(open, { id: 'signed', step: 'verify' })).toBe('oldest')
    }
  })

  it('lets a storm of equal presses not take it from under the finger', () => {
    const first = incident({ id: 'first' })
    const newcomer = incident({ id: 'newcomer', opened_at: later })
    expect(shown([first, newcomer], null, 'first', 3_000)).toBe('first')
    expect(shown([first, newcomer], null, 'first', 5_000)).toBe('newcomer')
  })

  it('gives way at once to what is worse', () => {
    const worse = incident({ id: 'worse', kind: 'fire' })
    expect(shown([incident({ id: 'first' }), worse], null, 'first', 1_000)).toBe('worse')
  })
})

describe('a page opened anew', () => {
  const before = { by: '张伟', username: 'duty', at: '2026-11-21T21:00:10+08:00' }
  const since = { by: '张伟', username: 'duty', at: later }
  const another = { by: '李班长', username: 'leader', at: later }

  it('turns to what this person signed for last, not to what others have', () => {
    const open = [
      taken({ id: 'first', acknowledged: before }),
      taken({ id: 'last', acknowledged: since }),
      taken({ id: 'hers', acknowledged: another }),
    ]
    expect(takenUp(open, 'duty')).toEqual({ id: 'last', step: 'verify' })
    expect(takenUp(open, 'police')).toBeNull()
  })

  it('knows the work that went on since', () => {
    const times = { ...incident().times, verified: '2026-11-21T21:25:00+08:00' }
    const next = { action: 'dispatch', due_at: null, due_for: null }
    const open = [
      taken({ id: 'verified', acknowledged: before, times, next }),
      taken({ id: 'signed', acknowledged: since }),
    ]
    expect(takenUp(open, 'duty')).toEqual({ id: 'verified', step: 'dispatch' })
  })

  it('turns to where this person was sent', () => {
    const responder = { to: null, people: [{ username: 'patrol', display_name: '陈队长' }] }
    expect(takenUp([taken({ id: 'sent', responder })], 'patrol')?.id).toBe('sent')
  })

  it('leaves what is suspended, rings again or is a drill beside the real', () => {
    const ringing = incident({ id: 'rings', acknowledged: since })
    const waiting = taken({ id: 'waits', acknowledged: since, suspended_until: later })
    const drill = taken({ id: 'drill', acknowledged: since, drill: true })
    expect(takenUp([ringing, waiting], 'duty')).toBeNull()
    expect(takenUp([drill], 'duty')?.id).toBe('drill')
    expect(takenUp([drill, taken({ id: 'real', acknowledged: before })], 'duty')?.id).toBe('real')
  })
})
