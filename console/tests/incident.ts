import type { Incident } from '../src/api/types'

/** An open, unsigned panic press, changed by `parts`. */
export function incident(parts: Partial<Incident> = {}): Incident {
  return {
    id: 'i1',
    number: '20261121-0001',
    stage: 'reported',
    priority: 1,
    kind: 'panic',
    silent: false,
    drill: false,
    opened_at: '2026-11-21T21:00:00+08:00',
    closed_at: null,
    place: { village: '东村', grid: null, group: '东村3组', household: '3组07号' },
    acknowledged: null,
    alarms: [],
    alarm_count: 0,
    alarm_kinds: {},
    alarm_households: 0,
    alarm_flags: [],
    cameras: [],
    evidence: [],
    next: { action: 'acknowledge', due_at: null },
    called: [],
    cancel_claimed: false,
    outcome: null,
    version: 1,
    ring: 1,
    ...parts,
  }
}

/** The same, signed for by somebody. */
export function taken(parts: Partial<Incident> = {}): Incident {
  return incident({
    acknowledged: { by: '张伟', username: 'duty', at: '2026-11-21T21:00:10+08:00' },
    next: { action: 'verify', due_at: null },
    version: 2,
    ...parts,
  })
}
