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
} from '../src/state/incidents'
import { incident, taken } from './incident'

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

  it('lets no newcomer of the same rank take the first place', () => {
    const first = incident({ id: 'first', opened_at: '2026-11-21T21:00:00+08:00' })
    const newcomer = incident({ id: 'newcomer', opened_at: '2026-11-21T21:00:09+08:00' })
    expect([newcomer, first].sort(byUrgency)[0]).toBe(first)
  })

  it('asks for a new signature when a new press wants one', () => {
    expect(needsSigning(taken())).toBe(false)
    expect(needsSigning(taken({ next: { action: 'acknowledge', due_at: null, due_for: null } }))).toBe(true)
  })

  it('asks for none once closed', () => {
    expect(needsSigning(incident({ stage: 'closed' }))).toBe(false)
  })
})

describe('the marks of an incident', () => {
  it('gather the flags of all its alarms once each', () => {
    const alarm = {
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
        alarms: [alarm, alarm],
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
