/**
 * Ten households are told of one press, and each device says that it has it; nobody signs, and the
 * same people are called every minute: dozens of rows in which the one row about a person drowns.
 * Rows of the machine's own that say the same are folded. Pure.
 */
import type { TimelineItem } from './api/types'

export interface Entry {
  /** The newest of the folded items; it gives the time, the type and the actor. */
  item: TimelineItem
  /** What is said of it: its type, or a more exact word for it. */
  title: string
  /** All folded items, newest first. */
  items: readonly TimelineItem[]
}

const FOLDED = new Set([
  'notice_sent',
  'notice_failed',
  'notice_delivered',
  'told',
  'told_failed',
  'paged',
  'escalated',
])

/** A device that has a notice is not yet a person who answers it. */
export function titleOf(item: TimelineItem): string {
  // the first call is nobody's failure to sign
  if (item.type === 'escalated' && item.data['step'] === 0) return 'called_first'
  if (item.type === 'told' && item.data['state'] === 'failed') return 'told_failed'
  return item.type === 'notice_seen' && item.data['state'] === 'delivered'
    ? 'notice_delivered'
    : item.type
}

/** Newest first; nothing is folded across an item that stands for itself. */
export function fold(timeline: readonly TimelineItem[]): Entry[] {
  const entries: { item: TimelineItem; title: string; items: TimelineItem[] }[] = []
  let since = 0
  for (const item of [...timeline].sort((a, b) => b.seq - a.seq)) {
    const title = titleOf(item)
    const same = entries.slice(since).find((entry) => entry.title === title)
    if (!FOLDED.has(title)) {
      entries.push({ item, title, items: [item] })
      since = entries.length
    } else if (same === undefined) {
      entries.push({ item, title, items: [item] })
    } else {
      same.items.push(item)
    }
  }
  return entries
}

/** Each once, in the order of their first; how often behind those that come again. */
export function counted(names: readonly string[]): string[] {
  const times = new Map<string, number>()
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1)
  return [...times].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`))
}
