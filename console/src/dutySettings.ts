/** What the pieces of the page 值班设置 share: all entries, read afresh after each change. */
import { computed, type ComputedRef, inject, type InjectionKey, provide, type Ref } from 'vue'

import { dropEntry, type DutySettings, type Noun, readDutySettings, saveEntry } from './api/dutySettings'
import { dayOf } from './format'
import { useI18n } from './i18n'
import { useReading } from './reading'
import { coversVillage, EVERYWHERE } from './rota'
import { useConsole } from './state/console'
import { useTimes } from './words'
import { useWorking } from './working'

interface Shared {
  found: Ref<DutySettings | null>
  load: () => Promise<void>
  /** Places of whoever is signed in: village ids, or "*". */
  places: ComputedRef<readonly string[]>
  /** YYYY-MM-DD where the site is. */
  today: ComputedRef<string>
}

const SHARED: InjectionKey<Shared> = Symbol('duty settings')

/** For the page itself. */
export function provideDutySettings() {
  const duty = useConsole()
  const { zone } = useTimes()
  const { found, trouble, load } = useReading(() => readDutySettings(duty.client))
  const places = computed(() => duty.state.me?.places ?? [])
  const today = computed(() => dayOf(duty.serverNow.value, zone.value))
  provide(SHARED, { found, load, places, today })
  return { found, trouble, load }
}

/** For the pieces: the entries, and the words for whom and what they name. */
export function useDutySettings() {
  const shared = inject(SHARED)
  if (shared === undefined) throw new Error('not inside the page of the duty settings')
  const { t } = useI18n()
  const names = computed(
    () => shared.found.value?.names ?? { people: [], villages: [], grids: [] },
  )
  const personName = (username: string) =>
    names.value.people.find((one) => one.username === username)?.display_name ?? username
  const areaText = (area: { villages: string[]; grids: string[] }) => {
    const nameIn = (list: readonly { id: string; name: string }[], id: string) =>
      list.find((one) => one.id === id)?.name ?? id
    if (area.grids.length > 0) {
      return area.grids.map((id) => nameIn(names.value.grids, id)).join('、')
    }
    if (area.villages.includes(EVERYWHERE)) return t('plan.everywhere')
    return area.villages.map((id) => nameIn(names.value.villages, id)).join('、')
  }
  const gridsIn = (area: { villages: string[]; grids: string[] }) =>
    names.value.grids.filter((grid) => coversVillage(area, grid.village))
  return { ...shared, names, personName, areaText, gridsIn }
}

/** Saving or taking out one entry; what went wrong is told where it was done. */
export function useEntry(noun: Noun) {
  const duty = useConsole()
  const { load } = useDutySettings()
  const { busy, trouble, run } = useWorking()
  const work = (job: () => Promise<unknown>) =>
    run(async () => {
      await job()
      await load()
    })

  return {
    busy,
    trouble,
    save: (id: string | null, body: object) => work(() => saveEntry(duty.client, noun, id, body)),
    drop: (id: string) => work(() => dropEntry(duty.client, noun, id)),
  }
}
