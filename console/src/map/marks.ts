/**
 * What is drawn where: many points become a few with a number where they would lie upon each other,
 * and each is found by the piece of the sheet it lies in. Pure; pixels of the world at a zoom.
 */
import type { World } from './geometry'

export interface Point<T> {
  /** At zoom 0. */
  at: World
  of: T
}

export interface Mark<T> {
  /** At the zoom it is drawn at. */
  x: number
  y: number
  /** One, or those gathered here. */
  all: readonly T[]
}

/** Points closer than this are one mark, where they are gathered at all. */
const CELL = 52

/** The marks at a zoom; `gathered`: points that would lie upon each other are one. */
export function marksAt<T>(points: readonly Point<T>[], zoom: number, gathered: boolean): Mark<T>[] {
  const scale = 2 ** zoom
  if (!gathered) {
    return points.map(({ at, of }) => ({ x: at[0] * scale, y: at[1] * scale, all: [of] }))
  }
  const cells = new Map<string, { x: number; y: number; all: T[] }>()
  for (const { at, of } of points) {
    const x = at[0] * scale
    const y = at[1] * scale
    const key = `${Math.floor(x / CELL)}:${Math.floor(y / CELL)}`
    const cell = cells.get(key)
    if (cell === undefined) cells.set(key, { x, y, all: [of] })
    else {
      cell.x += x
      cell.y += y
      cell.all.push(of)
    }
  }
  return [...cells.values()].map(({ x, y, all }) => ({ x: x / all.length, y: y / all.length, all }))
}

/** Marks by the piece of the sheet they lie in, so that drawing one piece looks at no other. */
export class Sheet<T> {
  private readonly pieces = new Map<string, Mark<T>[]>()

  constructor(
    marks: readonly Mark<T>[],
    private readonly size: number,
  ) {
    for (const mark of marks) {
      const key = this.key(mark.x, mark.y)
      const piece = this.pieces.get(key)
      if (piece === undefined) this.pieces.set(key, [mark])
      else piece.push(mark)
    }
  }

  /** Those in the box, and those whose middle lies at most `margin` beside it. */
  within(left: number, top: number, wide: number, high: number, margin: number): Mark<T>[] {
    const found: Mark<T>[] = []
    const [west, north] = [left - margin, top - margin]
    const [east, south] = [left + wide + margin, top + high + margin]
    for (let y = Math.floor(north / this.size); y <= Math.floor(south / this.size); y += 1) {
      for (let x = Math.floor(west / this.size); x <= Math.floor(east / this.size); x += 1) {
        for (const mark of this.pieces.get(`${x}:${y}`) ?? []) {
          if (mark.x >= west && mark.x <= east && mark.y >= north && mark.y <= south) found.push(mark)
        }
      }
    }
    return found
  }

  /** The nearest within a reach; null: there is none. */
  nearest(x: number, y: number, reach: number): { mark: Mark<T>; away: number } | null {
    let best: { mark: Mark<T>; away: number } | null = null
    for (const mark of this.within(x, y, 0, 0, reach)) {
      const away = Math.hypot(mark.x - x, mark.y - y)
      if (away <= reach && (best === null || away < best.away)) best = { mark, away }
    }
    return best
  }

  private key(x: number, y: number): string {
    return `${Math.floor(x / this.size)}:${Math.floor(y / this.size)}`
  }
}
