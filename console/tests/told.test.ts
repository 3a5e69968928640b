import { describe, expect, it } from 'vitest'

import type { Told } from '../src/api/types'
import { mayBeToldAgain, toldGroups } from '../src/told'

const told = (kind: string, target: string, state: string): Told => ({
  kind,
  target,
  state,
  way: 'mqtt',
  at: '2026-11-21T21:00:00+08:00',
  error: null,
})

describe('who was told', () => {
  it('is gathered by kind, people first', () => {
    const groups = toldGroups([told('siren', 's', 'sent'), told('person', 'duty', 'answered')])
    expect(groups.map((group) => group.kind)).toEqual(['person', 'siren'])
  })

  it('is counted by state, what went wrong first', () => {
    const [group] = toldGroups([
      told('member', 'a', 'read'),
      told('member', 'b', 'failed'),
      told('member', 'c', 'read'),
    ])
    expect(group?.counts).toEqual([
      ['failed', 1],
      ['read', 2],
    ])
  })

  it('is listed once after a second ring, with its newest state', () => {
    const again = { ...told('member', 'a', 'sent'), at: '2026-11-21T21:05:00+08:00' }
    const [group] = toldGroups([again, told('member', 'a', 'read')])
    expect(group?.rows).toEqual([again])
  })
})

describe('telling once more', () => {
  it('is offered for people, members and webhooks who have not answered', () => {
    for (const state of ['failed', 'unattended', 'sent', 'delivered']) {
      expect(mayBeToldAgain(told('person', 'duty', state))).toBe(true)
    }
    for (const state of ['read', 'answered', 'cancelled']) {
      expect(mayBeToldAgain(told('member', 'a', state))).toBe(false)
    }
  })

  it('hurries what is on its way only where it has failed before', () => {
    const waiting = told('webhook', 'station', 'planned')
    expect(mayBeToldAgain(waiting)).toBe(false)
    expect(mayBeToldAgain({ ...waiting, error: 'timed out' })).toBe(true)
  })

  it('lets no siren sound again', () => {
    expect(mayBeToldAgain(told('siren', 's', 'failed'))).toBe(false)
  })
})
