/** The wall of cameras: its layouts, its pages, what is remembered of it. Pure. */

export const LAYOUTS = [1, 4, 9, 16] as const
export type Layout = (typeof LAYOUTS)[number]

export interface Wall {
  layout: Layout
  /** Cameras by id, in the order they were put up; none: those of the list, one page after the other. */
  chosen: readonly string[]
}

export const USUAL: Wall = { layout: 4, chosen: [] }
/** More nobody puts up by hand, and what is remembered stays small. */
const MOST_CHOSEN = 64

export const columnsOf = (layout: Layout) => Math.sqrt(layout)

/** What this browser remembers; the usual where that is nothing of ours. */
export function remembered(text: string | null): Wall {
  try {
    const found = JSON.parse(text ?? 'null') as Partial<Wall> | null
    const layout = LAYOUTS.find((one) => one === found?.layout) ?? USUAL.layout
    const chosen = Array.isArray(found?.chosen) ? found.chosen.filter((one) => typeof one === 'string') : []
    return { layout, chosen: chosen.slice(0, MOST_CHOSEN) }
  } catch {
    return USUAL
  }
}

export const toggled = (wall: Wall, id: string): Wall => ({
  ...wall,
  chosen: wall.chosen.includes(id)
    ? wall.chosen.filter((one) => one !== id)
    : [...wall.chosen, id].slice(-MOST_CHOSEN),
})

export interface Watched {
  id: string
  name: string
  village: string | null
  state: string
  trouble: string | null
}

export const isIll = (camera: Watched) => camera.state !== 'watching' || camera.trouble !== null

/** By any part of name, village or id. */
export function found<T extends Watched>(cameras: readonly T[], text: string, onlyIll: boolean): T[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '')
  return cameras.filter((camera) => {
    if (onlyIll && !isIll(camera)) return false
    const all = `${camera.name} ${camera.village ?? ''} ${camera.id}`.toLocaleLowerCase()
    return words.every((word) => all.includes(word))
  })
}

/** What the wall shows all in all: those put up as far as they are there, else those of the list. */
export function shown<T extends Watched>(wall: Wall, all: readonly T[], listed: readonly T[]): readonly T[] {
  if (wall.chosen.length === 0) return listed
  const byId = new Map(all.map((camera) => [camera.id, camera]))
  return wall.chosen.flatMap((id) => byId.get(id) ?? [])
}

export const pagesOf = (count: number, layout: Layout) => Math.max(1, Math.ceil(count / layout))

/** The nearest page that there is. */
export const pageNear = (page: number, count: number, layout: Layout) =>
  Math.min(Math.max(0, page), pagesOf(count, layout) - 1)

export const pageOf = <T>(items: readonly T[], page: number, layout: Layout): T[] =>
  items.slice(page * layout, (page + 1) * layout)
