import { describe, expect, it } from 'vitest'

import { forgetful, hiddenBook, hiddenIncident, locksAt, ringing } from '../src/locking'
import { decideSound } from '../src/sound/policy'
import { merge, type Known, openByUrgency } from '../src/state/incidents'
import { incident, taken } from './incident'

const LISTENER = { maySign: true, username: 'duty', sessionEnded: false, connectionLost: false }
const full = incident({
  alarm_count: 1,
  alarm_households: 1,
  asked: ['duty', 'leader'],
  callers: [
    {
      household: '3组07号',
      household_id: 'h7',
      device: null,
      village: '东村',
      group: '东村3组',
      kind: 'panic',
      silent: false,
      at: '2026-11-21T21:00:00+08:00',
      alarms: 1,
    },
  ],
})
const book = (...all: (typeof full)[]) =>
  new Map<string, Known>(all.map((one) => [one.id, { incident: one, seq: 5 }]))

describe('a hidden incident', () => {
  it('keeps kind, village and group, and says nothing of household, number or people', () => {
    const hidden = hiddenIncident(full, 'duty')
    expect(hidden.place).toEqual({ village: '东村', grid: null, group: '东村3组', household: null })
    expect(hidden.kind).toBe('panic')
    expect(JSON.stringify(hidden)).not.toMatch(/07号|h7|20261121|leader/)
  })

  it('does not say who signed, only that somebody has', () => {
    const hidden = hiddenIncident(taken(), 'duty')
    expect(hidden.acknowledged).toMatchObject({ by: '', username: '' })
  })

  it.each([incident(), taken(), taken({ asked: ['duty'] }), incident({ drill: true, ring_style: 'soft' })])(
    'sounds as the whole one does',
    (one) => {
      const heard = new Map([[one.id, 1]])
      expect(decideSound([hiddenIncident(one, 'duty')], LISTENER, heard)).toEqual(
        decideSound([one], LISTENER, heard),
      )
    },
  )
})

describe('unlocking', () => {
  it('takes what comes anew for news, at the same version too', () => {
    const locked = hiddenBook(book(full), 'duty')
    const again = merge(forgetful(locked), full, 5)
    expect(again.get('i1')?.incident.place.household).toBe('3组07号')
  })

  it('lets what rings ring on meanwhile', () => {
    const open = openByUrgency(forgetful(hiddenBook(book(full), 'duty')))
    expect(decideSound(open, LISTENER, new Map()).loop).toBe('alarm')
  })
})

describe('the locked screen', () => {
  it('lists what rings until it is signed for, and nothing else', () => {
    const loitering = incident({ id: 'l', kind: 'loitering' })
    expect(ringing([full, taken({ id: 't' }), loitering]).map((one) => one.id)).toEqual(['i1'])
  })
})

describe('locking by itself', () => {
  it('is never, where the site does not ask for it', () => {
    expect(locksAt(1000, 0, [])).toBeNull()
  })

  it('comes so long after the last touch', () => {
    expect(locksAt(1000, 60, [])).toBe(61_000)
  })

  it('waits while an alarm rings: whoever comes running is not asked for a password', () => {
    expect(locksAt(1000, 60, [full])).toBeNull()
    expect(locksAt(1000, 60, [taken()])).toBe(61_000)
  })
})
