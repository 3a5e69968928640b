import { describe, expect, it } from 'vitest'

import {
  type Book,
  bringsNews,
  byUrgency,
  flagsOf,
  merge,
  mustStayQuiet,
  needsSigning,
  openByUrgency,
  replaceOpen,
  waitingSince,
} from '../src/state/incidents'
import { incident, taken } from './incident'

const at = (minute: number) => `2026-11-21T21:0${minute}:00+08:00`
const alarm = (kind: string, minute: number) => ({
  id: `${kind}${minute}`,
  device: 'd',
  kind,
  received_at: at(minute),
  flags: [],
  silent: false,
  household: null,
})
const pressed = (id: string, alarms: ReturnType<typeof alarm>[]) =>
  incident({ id, alarms, alarm_count: alarms.length, opened_at: alarms[0]?.received_at ?? at(0) })

const EMPTY: Book = new Map()
const versionOf = (book: Book) => book.get('i1')?.incident.version

describe('an event about an incident', () => {
  it('is kept when it is the first', () => {
    expect(versionOf(merge(EMPTY, incident(), 5))).toBe(1)
  })

  it('replaces an older version', () => {
    const book = merge(EMPTY, incident(), 5)
    expect(versionOf(merge(book, taken(), 6))).toBe(2)
  })

  it('that is older than what is known changes nothing', () => {
    const book = merge(EMPTY, taken({ version: 3 }), 9)
    expect(merge(book, incident({ version: 2 }), 10)).toBe(book)
  })

  it('repeated after a reconnect does not double the incident', () => {
    const book = merge(merge(EMPTY, incident(), 5), incident(), 5)
    expect(openByUrgency(book)).toHaveLength(1)
  })

  it('of the same version but later in the stream is the newer one', () => {
    const book = merge(EMPTY, incident({ ring: 1 }), 5)
    expect(merge(book, incident({ ring: 2 }), 6).get('i1')?.incident.ring).toBe(2)
  })

  it('that comes late cannot bring a closed one back', () => {
    const book = merge(EMPTY, taken({ stage: 'closed', version: 5 }), 9)
    expect(openByUrgency(merge(book, taken({ version: 4 }), 10))).toEqual([])
  })
})

describe('a list read afresh', () => {
  it('removes what was closed meanwhile', () => {
    const book = merge(EMPTY, incident(), 5)
    expect(openByUrgency(replaceOpen(book, [], 8))).toEqual([])
  })

  it('does not remove what an event newer than the list brought', () => {
    const book = merge(EMPTY, incident(), 9)
    expect(openByUrgency(replaceOpen(book, [], 8))).toHaveLength(1)
  })

  it('does not put back an older version', () => {
    const book = merge(EMPTY, taken({ version: 4 }), 5)
    expect(versionOf(replaceOpen(book, [incident({ version: 3 })], 8))).toBe(4)
  })

  it('brings news only when it knows more', () => {
    const book = merge(EMPTY, taken({ version: 4 }), 5)
    expect(bringsNews(book, [taken({ version: 4 })])).toBe(false)
    expect(bringsNews(book, [taken({ version: 5 })])).toBe(true)
    expect(bringsNews(book, [incident({ id: 'other' })])).toBe(true)
  })
})

describe('urgency', () => {
  it('puts unsigned life-safety first, then unsigned cameras, drills, and what is taken', () => {
    const mixed = [
      taken({ id: 'taken' }),
      incident({ id: 'drill', drill: true }),
      incident({ id: 'loitering', kind: 'loitering', priority: 3 }),
      incident({ id: 'fire', kind: 'fire' }),
    ]
    expect(mixed.sort(byUrgency).map((one) => one.id)).toEqual([
      'fire',
      'loitering',
      'drill',
      'taken',
    ])
  })

  it('puts a kind it has never heard of among life-safety', () => {
    const mixed = [incident({ id: 'b', kind: 'loitering' }), incident({ id: 'a', kind: 'flood' })]
    expect(mixed.sort(byUrgency)[0]?.id).toBe('a')
  })

  it('orders unsigned ones by kind, whatever their age', () => {
    const kinds = ['unattended', 'other', 'panic', 'fire', 'duress']
    const piled = kinds.map((kind, n) => incident({ id: kind, kind, opened_at: at(n) }))
    expect(piled.sort(byUrgency).map((one) => one.kind)).toEqual(kinds.reverse())
  })

  it('counts the worst kind that is gathered in an incident', () => {
    const folded = incident({ id: 'folded', kind: 'panic', alarm_kinds: { panic: 1, fire: 1 } })
    expect([incident(), folded].sort(byUrgency)[0]).toBe(folded)
  })

  it('puts the newest press before older ones of the same kind', () => {
    const piled = [0, 1, 2].map((n) => incident({ id: `i${n}`, opened_at: at(n) }))
    expect(piled.sort(byUrgency).map((one) => one.id)).toEqual(['i2', 'i1', 'i0'])
  })

  it('counts a press again, and no loitering, as the newest', () => {
    const again = pressed('again', [alarm('panic', 0), alarm('panic', 3)])
    const passed = pressed('passed', [alarm('panic', 1), alarm('loitering', 9)])
    const piled = [passed, again, incident({ id: 'between', opened_at: at(2) })]
    expect(piled.sort(byUrgency).map((one) => one.id)).toEqual(['again', 'between', 'passed'])
  })

  it('keeps what is signed for behind: the worst kind, then the oldest', () => {
    const piled = [
      taken({ id: 'new', opened_at: at(5) }),
      taken({ id: 'duress', kind: 'duress', opened_at: at(6) }),
      taken({ id: 'old', opened_at: at(1) }),
      incident({ id: 'unsigned', kind: 'other' }),
    ]
    expect(piled.sort(byUrgency).map((one) => one.id)).toEqual(['unsigned', 'duress', 'old', 'new'])
  })

  it('asks for a new signature when a new press wants one', () => {
    expect(needsSigning(taken())).toBe(false)
    expect(needsSigning(taken({ next: { action: 'acknowledge', due_at: null, due_for: null } }))).toBe(true)
  })

  it('asks for none once closed', () => {
    expect(needsSigning(incident({ stage: 'closed' }))).toBe(false)
  })
})

describe('the waiting clock', () => {
  it('counts from the first press, not from a loitering that opened the incident', () => {
    const one = pressed('i', [alarm('loitering', 0), alarm('panic', 4), alarm('panic', 6)])
    expect(waitingSince(one)).toBe(at(4))
  })

  it('counts from the first press after the signature', () => {
    const signed = { by: '张伟', username: 'duty', at: at(2) }
    const presses = [alarm('panic', 0), alarm('panic', 5), alarm('panic', 6)]
    expect(waitingSince({ ...pressed('i', presses), acknowledged: signed })).toBe(at(5))
  })

  it('is never too short where the first press is not among those listed', () => {
    const cut = { ...pressed('i', [alarm('panic', 5)]), alarm_count: 40, opened_at: at(0) }
    expect(waitingSince(cut)).toBe(at(0))
  })
})

describe('the marks of an incident', () => {
  it('gather the flags of all its alarms once each', () => {
    const silent = {
      id: 'a',
      device: 'd',
      kind: 'panic',
      received_at: '2026-11-21T21:00:00+08:00',
      flags: ['clock_suspect'],
      silent: true,
      household: null,
    }
    // the alarms shown are the newest; the flags are those of all
    const marks = flagsOf(
      incident({
        alarms: [silent, silent],
        alarm_flags: ['clock_suspect', 'mac_bad'],
        cancel_claimed: true,
      }),
    )
    expect(marks).toEqual(['cancel_claimed', 'clock_suspect', 'mac_bad', 'silent'])
  })

  it('say that duress must stay quiet', () => {
    expect(mustStayQuiet(incident({ kind: 'duress' }))).toBe(true)
    expect(mustStayQuiet(incident())).toBe(false)
  })
})
