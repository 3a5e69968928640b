import { describe, expect, it } from 'vitest'

import type { Told } from '../src/api/types'
import { toldGroups } from '../src/told'

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
