/** The villages and groups that whoever is signed in may choose from. */
import { computed } from 'vue'

import { readPlaces, type TreeVillage } from './api/devices'
import { useReading } from './reading'
import { useConsole } from './state/console'

export interface GroupChoice {
  id: string
  name: string
  grid: string
}

/** The groups of a village that are in use; of every village where `village` is empty. */
export function groupsIn(villages: readonly TreeVillage[], village: string): GroupChoice[] {
  return villages
    .filter((one) => village === '' || one.id === village)
    .flatMap((one) => one.grids)
    .flatMap((grid) =>
      grid.groups
        .filter((group) => !group.retired)
        .map((group) => ({ id: group.id, name: group.name, grid: grid.name })),
    )
}

export function usePlaceChoices() {
  const duty = useConsole()
  const { found, trouble } = useReading(async () =>
    duty.holds('registry.read') ? readPlaces(duty.client) : [],
  )
  const villages = computed(() => found.value ?? [])
  const groupsOf = (village: string) => groupsIn(villages.value, village)
  return { villages, groupsOf, trouble, read: found }
}
