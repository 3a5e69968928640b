/**
 * The villages by name, as far as whoever is signed in may know them: whoever edits the duty room all
 * of theirs, the others those that have an officer or something open.
 */
import { computed, onMounted, ref } from 'vue'

import { dutyNow } from './api/duty'
import { readNames } from './api/dutySettings'
import { Refused } from './api/errors'
import { useConsole } from './state/console'

export interface Village {
  id: string
  name: string
}

export function useVillages() {
  const duty = useConsole()
  const named = ref<Village[]>([])
  onMounted(async () => {
    if (!duty.holds('duty.read')) return
    try {
      if (duty.holds('duty.edit')) {
        named.value = (await readNames(duty.client)).villages
        return
      }
      const { officers } = await dutyNow(duty.client)
      named.value = officers.map((one) => ({ id: one.village, name: one.village_name }))
    } catch (error) {
      // their ids serve as names then
      if (!(error instanceof Refused)) throw error
    }
  })
  const villages = computed<Village[]>(() => {
    const found = new Map(named.value.map((village) => [village.id, village]))
    const seen = duty.open.value.map((incident) => ({
      id: incident.place_ids.village,
      name: incident.place.village,
    }))
    for (const { id, name } of seen) {
      if (id !== null && !found.has(id)) found.set(id, { id, name: name ?? id })
    }
    return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'))
  })
  const nameOf = (id: string) => villages.value.find((village) => village.id === id)?.name ?? id
  return { villages, nameOf }
}
