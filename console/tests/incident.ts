import type { Incident, IncidentDetail } from '../src/api/types'

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
    place_ids: { village: 'dongcun', grid: null, group: 'g3', household: 'h7' },
    callers: [],
    caller_count: 0,
    acknowledged: null,
    alarms: [],
    alarm_count: 0,
    alarm_kinds: {},
    alarm_households: 0,
    alarm_flags: [],
    cameras: [],
    evidence: [],
    evidence_count: 0,
    next: { action: 'acknowledge', due_at: null, due_for: null },
    called: [],
    called_count: 0,
    asked: [],
    informed: [],
    cancel_claimed: false,
    outcome: null,
    version: 1,
    ring: 1,
    times: {
      acknowledged: null,
      verified: null,
      dispatched: null,
      set_out: null,
      arrived: null,
      responded: null,
      closed: null,
      reviewed: null,
    },
    overdue: 0,
    responder: null,
    supervised: null,
    suspended_until: null,
    merged_into: null,
    station: null,
    certainty: 'likely',
    drill_id: null,
    ring_style: 'normal',
    flood: false,
    ...parts,
  }
}

/** The same, signed for by somebody. */
export function taken(parts: Partial<Incident> = {}): Incident {
  return incident({
    acknowledged: { by: '张伟', username: 'duty', at: '2026-11-21T21:00:10+08:00' },
    next: { action: 'verify', due_at: null, due_for: null },
    version: 2,
    ...parts,
  })
}

/** The page of an incident: the same with what only the page has. */
export function detail(parts: Partial<IncidentDetail> = {}): IncidentDetail {
  return {
    ...taken(),
    timeline: [],
    household: null,
    households: [],
    group: null,
    cameras_near: [],
    actions: [],
    decisions: [],
    allowed: [],
    merged_from: [],
    response_plan: { id: 'p', version: 1, name: '', items: [], contacts: [] },
    told: [],
    ...parts,
  }
}
