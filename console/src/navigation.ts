/**
 * Where the bar leads, and who is led there. A new page: its route in `router.ts`, its words in
 * `i18n`, and one line here. Pure.
 */
import type { Key } from './i18n'

/** Pages that are not needed in the middle of an alarm share one place in the bar. */
export type GroupName = 'prepare' | 'registry' | 'oversee'

export interface Entry {
  /** The route's name; its address is in `router.ts`. */
  route: string
  label: Key
  /** The permission whoever sees it holds; null: everybody. */
  needs: string | null
  /** null: always in sight. Only what an officer needs during a shift is. */
  group: GroupName | null
}

export interface Group {
  name: GroupName
  label: Key
  entries: readonly Entry[]
}

export const ENTRIES: readonly Entry[] = [
  { route: 'board', label: 'nav.board', needs: null, group: null },
  { route: 'duty', label: 'nav.duty', needs: 'duty.read', group: null },
  { route: 'map', label: 'nav.map', needs: null, group: null },
  { route: 'cameras', label: 'nav.cameras', needs: null, group: null },
  { route: 'closed', label: 'nav.closed', needs: null, group: null },
  { route: 'duty-settings', label: 'nav.dutySettings', needs: 'duty.edit', group: 'prepare' },
  { route: 'quiet', label: 'nav.quiet', needs: null, group: 'prepare' },
  { route: 'plans', label: 'nav.plans', needs: 'response_plan.edit', group: 'prepare' },
  { route: 'households', label: 'nav.households', needs: 'registry.read', group: 'registry' },
  { route: 'registry-villages', label: 'nav.villages', needs: 'registry.read', group: 'registry' },
  { route: 'registry-coverage', label: 'nav.coverage', needs: 'registry.read', group: 'registry' },
  { route: 'registry-directory', label: 'nav.directory', needs: 'registry.export', group: 'registry' },
  { route: 'registry-import', label: 'nav.sheets', needs: 'registry.import', group: 'registry' },
  { route: 'devices', label: 'nav.devices', needs: 'registry.read', group: 'registry' },
  { route: 'labels', label: 'nav.labels', needs: 'device.enrol', group: 'registry' },
  { route: 'maintenance', label: 'nav.maintenance', needs: 'maintenance.read', group: 'registry' },
  { route: 'exports', label: 'nav.exports', needs: 'evidence.register', group: 'registry' },
  { route: 'ledgers', label: 'nav.ledgers', needs: 'ledger.read', group: 'registry' },
  { route: 'appraisal', label: 'nav.appraisal', needs: 'appraisal.read', group: 'registry' },
  { route: 'health', label: 'nav.health', needs: 'health.read', group: 'oversee' },
  { route: 'policy', label: 'nav.policy', needs: 'policy.read', group: 'oversee' },
  { route: 'accounts', label: 'nav.accounts', needs: 'account.read', group: 'oversee' },
  { route: 'audit', label: 'nav.audit', needs: 'audit.read', group: 'oversee' },
]

const GROUP_LABELS: Readonly<Record<GroupName, Key>> = {
  prepare: 'nav.prepare',
  registry: 'nav.registry',
  oversee: 'nav.oversee',
}

/**
 * What stands in the bar, from left to right; a group stands where its first entry is. A group of
 * one is that one: nobody opens a menu for a single line.
 */
export function barOf(
  holds: (permission: string) => boolean,
  entries: readonly Entry[] = ENTRIES,
): (Entry | Group)[] {
  const seen = entries.filter((entry) => entry.needs === null || holds(entry.needs))
  const bar: (Entry | Group)[] = []
  for (const entry of seen) {
    const name = entry.group
    const together = seen.filter((other) => other.group === name)
    if (name === null || together.length === 1) bar.push(entry)
    else if (together[0] === entry) bar.push({ name, label: GROUP_LABELS[name], entries: together })
  }
  return bar
}
