/** Single keys of a page. They never fire while somebody types, and never with a modifier. */

type Actions = Record<string, () => void>

/**
 * Listen until the returned function is called. `fromNowhere` are keys that belong to whatever has
 * the focus (Enter, Space); they count only while nothing has it.
 */
export function onKeys(actions: Actions, fromNowhere: Actions = {}): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target instanceof HTMLElement ? event.target : document.body
    if (target.closest('input, textarea, select, [role="dialog"]') !== null) return
    const key = event.key.toLowerCase()
    const action = actions[key] ?? (target === document.body ? fromNowhere[key] : undefined)
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  window.addEventListener('keydown', listen)
  return () => window.removeEventListener('keydown', listen)
}
