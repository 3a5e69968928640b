/** The tree of places as rows, and finding one's place in it. Pure. */
import type { TreeEstate, TreeGrid, TreeGroup, TreeVillage } from './api/registry'

export type Level = 'village' | 'grid' | 'group'

export interface TreeRow {
  level: Level
  id: string
  name: string
  /** Households in the net. */
  households: number
  /** As many as the village has, in the net or not; villages only. */
  total: number | null
  isOpen: boolean
  hasMore: boolean
  /** Where a click leads: what the list is narrowed to. */
  place: { village: string; grid: string; group: string }
}

export const householdsIn = (groups: readonly TreeGroup[]) =>
  groups.reduce((sum, group) => sum + group.households, 0)

export const inUse = (groups: readonly TreeGroup[]) => groups.filter((group) => !group.retired)

const inVillage = (village: TreeVillage) =>
  village.grids.reduce((sum, grid) => sum + householdsIn(grid.groups), 0)

/** Only what lies under opened places; `opened` has keys as `keyOf` makes them. */
export function rowsOf(villages: readonly TreeVillage[], opened: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = []
  for (const village of villages) {
    const at = { village: village.id, grid: '', group: '' }
    const isOpen = opened.has(keyOf('village', village.id))
    rows.push({
      level: 'village',
      id: village.id,
      name: village.name,
      households: inVillage(village),
      total: village.households_total,
      isOpen,
      hasMore: village.grids.length > 0,
      place: at,
    })
    if (isOpen) for (const grid of village.grids) rows.push(...gridRows(grid, at, opened))
  }
  return rows
}

function gridRows(grid: TreeGrid, at: TreeRow['place'], opened: ReadonlySet<string>): TreeRow[] {
  const groups = inUse(grid.groups)
  const isOpen = opened.has(keyOf('grid', grid.id))
  const place = { ...at, grid: grid.id }
  const own: TreeRow = {
    level: 'grid',
    id: grid.id,
    name: grid.name,
    households: householdsIn(grid.groups),
    total: null,
    isOpen,
    hasMore: groups.length > 0,
    place,
  }
  if (!isOpen) return [own]
  return [
    own,
    ...groups.map<TreeRow>((group) => ({
      level: 'group',
      id: group.id,
      name: group.name,
      households: group.households,
      total: null,
      isOpen: false,
      hasMore: false,
      place: { ...place, group: group.id },
    })),
  ]
}

export const keyOf = (level: Level, id: string) => `${level}:${id}`

export interface PlaceNames {
  village: TreeVillage | null
  grid: TreeGrid | null
  group: TreeGroup | null
  estate: TreeEstate | null
}

/** The entries behind ids; null where none is given, or there is none of that id. */
export function placeNames(
  villages: readonly TreeVillage[],
  ids: { village: string; grid: string; group: string; estate: string },
): PlaceNames {
  const grids = villages.flatMap((village) => village.grids)
  const group = grids.flatMap((grid) => grid.groups).find((one) => one.id === ids.group) ?? null
  const grid = grids.find((one) => one.id === ids.grid || (group !== null && one.groups.includes(group))) ?? null
  const estate = villages.flatMap((one) => one.estates).find((one) => one.id === ids.estate) ?? null
  const village =
    villages.find(
      (one) =>
        one.id === ids.village ||
        (grid !== null && one.grids.includes(grid)) ||
        (estate !== null && one.estates.includes(estate)),
    ) ?? null
  return { village, grid, group, estate }
}

export interface GroupChoice extends TreeGroup {
  grid: string
  village: string
}

/** Every group in use, with its places' names: where a household may go. */
export function groupChoices(villages: readonly TreeVillage[]): GroupChoice[] {
  return villages.flatMap((village) =>
    village.grids.flatMap((grid) =>
      inUse(grid.groups).map((group) => ({ ...group, grid: grid.name, village: village.name })),
    ),
  )
}

/** A new group's id beside another's: the next free number after it. */
export function nextGroupId(near: string, taken: ReadonlySet<string>): string {
  const [, stem = near, digits = '1'] = /^(.*?)(\d+)$/.exec(near) ?? [near, `${near}-`, '1']
  for (let number = Number(digits) + 1; ; number += 1) {
    const id = `${stem}${number}`.slice(-64)
    if (!taken.has(id)) return id
  }
}

/** Every id of a grid, a group or an estate that is in use. */
export const idsIn = (villages: readonly TreeVillage[]): ReadonlySet<string> =>
  new Set(
    villages.flatMap((village) => [
      ...village.estates.map((estate) => estate.id),
      ...village.grids.flatMap((grid) => [grid.id, ...grid.groups.map((group) => group.id)]),
    ]),
  )

/** An id for one more of its sort: after the last there is, or the stem's first. */
export function nextId(near: readonly string[], stem: string, taken: ReadonlySet<string>): string {
  const last = [...near].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  return nextGroupId(last ?? `${stem}0`, taken)
}
