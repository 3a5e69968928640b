/** Single keys of a page. They never fire while somebody types, and never with a modifier. */
import type { Key } from './i18n'

type Actions = Record<string, () => void>

/**
 * Listen until the returned function is called. `fromNowhere` are keys that belong to whatever has
 * the focus (Enter, Space); they count only while nothing has it.
 */
export function onKeys(actions: Actions, fromNowhere: Actions = {}): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target instanceof HTMLElement ? event.target : document.body
    if (target.closest('input, textarea, select, [role="dialog"], [role="alertdialog"]') !== null) return
    const key = event.key.toLowerCase()
    const action = actions[key] ?? (target === document.body ? fromNowhere[key] : undefined)
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  window.addEventListener('keydown', listen)
  return () => window.removeEventListener('keydown', listen)
}

/** One line of the list that `?` shows. */
export interface KeyLine {
  keys: readonly string[]
  does: Key
}

export interface KeyGroup {
  title: Key
  lines: readonly KeyLine[]
}

/** All there are, by where they hold. Whoever adds a key adds its line. */
export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: 'keys.everywhere',
    lines: [
      { keys: ['?'], does: 'keys.help' },
      { keys: ['B'], does: 'keys.toBoard' },
      { keys: ['U'], does: 'keys.urgent' },
      { keys: ['S'], does: 'keys.sound' },
      { keys: ['Tab', '⇧ Tab'], does: 'keys.tab' },
    ],
  },
  {
    title: 'keys.board',
    lines: [
      { keys: ['A', 'Enter'], does: 'keys.sign' },
      { keys: ['R'], does: 'keys.real' },
      { keys: ['N'], does: 'keys.next' },
      { keys: ['J', 'K'], does: 'keys.rows' },
    ],
  },
  {
    title: 'keys.incident',
    lines: [
      { keys: ['A'], does: 'keys.sign' },
      { keys: ['R'], does: 'keys.real' },
      { keys: ['N'], does: 'keys.step' },
      { keys: ['T'], does: 'keys.note' },
      { keys: ['L'], does: 'keys.live' },
      { keys: ['P'], does: 'keys.order' },
      { keys: ['C'], does: 'keys.photograph' },
    ],
  },
]

/**
 * Turn to the thing on the page that bears `data-key` with this letter: a field gets the focus, a
 * button or link is pressed. Whether there was one that may be used.
 */
export function turnTo(root: HTMLElement | undefined, letter: string): boolean {
  const found = root?.querySelector<HTMLElement>(`[data-key="${letter}"]:not(:disabled)`)
  if (found === null || found === undefined) return false
  found.scrollIntoView({ block: 'nearest' })
  if (found instanceof HTMLInputElement && found.type !== 'file') found.focus()
  else found.click()
  return true
}

/** The next of the links in the list `from` the focused one, `by` 1 or -1; it stops at the ends. */
export function nextOf<T>(all: readonly T[], focused: T | undefined, by: 1 | -1): T | undefined {
  const at = focused === undefined ? -1 : all.indexOf(focused)
  if (at < 0) return by > 0 ? all[0] : all.at(-1)
  return all[Math.max(0, Math.min(all.length - 1, at + by))]
}
