/** Deciding about maintenance orders: which comes first, who may be named. Pure. */
import type { MaintenanceOrder } from './api/devices'

export function isOverdue(order: Pick<MaintenanceOrder, 'state' | 'due_at'>, now_ms: number): boolean {
  return order.state !== 'done' && Date.parse(order.due_at) < now_ms
}

/** The number on top of every page, and whether it must be seen; null: nothing to see to. */
export function chipOf(
  counts: { open: number; overdue: number } | undefined,
): { open: number; overdue: number; level: 'bad' | 'wait' } | null {
  if (counts === undefined || counts.open === 0) return null
  return { open: counts.open, overdue: counts.overdue, level: counts.overdue > 0 ? 'bad' : 'wait' }
}
