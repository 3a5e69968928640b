/** Which rows of a long list are near the screen. Pure. */

export interface Window {
  /** Index of the first row to draw. */
  first: number
  /** Index after the last one. */
  end: number
}

/** Rows drawn beyond each edge, so that a quick thumb meets no empty stripe. */
const BEYOND = 12

/**
 * `above`: how many pixels of the list lie above the screen's upper edge; negative while its top is
 * still below that edge. `height`: of the screen. All rows are `row` pixels high.
 */
export function windowOf(above: number, height: number, row: number, total: number): Window {
  const first = Math.floor(above / row) - BEYOND
  const end = Math.ceil((above + height) / row) + BEYOND
  const within = (index: number) => Math.min(Math.max(index, 0), total)
  return { first: within(first), end: within(end) }
}
