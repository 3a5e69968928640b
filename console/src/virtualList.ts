/** Which rows of a long list are in sight. Pure; all rows are equally high. */

export interface Window {
  first: number
  /** One past the last. */
  end: number
}

/** The rows to draw: those in sight and a few beyond on each side, against white flashes. */
export function windowOf(
  scrolled: number,
  height: number,
  rowHeight: number,
  total: number,
  beyond = 8,
): Window {
  const first = Math.max(0, Math.floor(scrolled / rowHeight) - beyond)
  const end = Math.min(total, Math.ceil((scrolled + height) / rowHeight) + beyond)
  // while the list is still below the screen, none
  return { first: Math.min(first, Math.max(end, 0)), end: Math.max(end, 0) }
}

/** As many rows as such a window ever holds: that many elements are filled anew as one scrolls. */
export function mostDrawn(height: number, rowHeight: number, beyond = 8): number {
  return Math.ceil(height / rowHeight) + 1 + 2 * beyond
}
