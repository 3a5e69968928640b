/** A long list of households, read page by page as far as somebody looks. */
import { computed, ref, shallowRef } from 'vue'

import { type Household, readHouseholds, type Wanted } from './api/registry'
import { useI18n } from './i18n'
import { useConsole } from './state/console'

const FIRST_PAGE = 100
const PAGE = 500

export function useHouseholds() {
  const duty = useConsole()
  const { problem } = useI18n()
  const items = shallowRef<readonly Household[]>([])
  const total = ref<number | null>(null)
  const trouble = ref('')
  const busy = ref(false)
  let wanted: Wanted | null = null
  let next: string | null = null
  let seenTo = 0

  /** Begins anew; an answer to an older question is dropped. */
  async function ask(question: Wanted): Promise<void> {
    wanted = question
    next = ''
    seenTo = 0
    await readOn(question, true)
  }

  /** Rows up to this one are in sight: read on until they are there. */
  function seen(index: number): void {
    seenTo = Math.max(seenTo, index)
    if (!busy.value && wanted !== null) void readOn(wanted, false)
  }

  async function readOn(question: Wanted, afresh: boolean): Promise<void> {
    let begin = afresh
    busy.value = true
    try {
      while (next !== null && (begin || seenTo > items.value.length)) {
        const page = await readHouseholds(duty.client, question, next, begin ? FIRST_PAGE : PAGE)
        if (wanted !== question) return
        items.value = begin ? page.items : [...items.value, ...page.items]
        total.value = page.total
        next = page.next
        begin = false
      }
      trouble.value = ''
    } catch (error) {
      if (wanted !== question) return
      trouble.value = problem(error)
    } finally {
      if (wanted === question) busy.value = false
    }
  }

  const isFirst = computed(() => total.value === null && trouble.value === '')
  return { items, total, trouble, busy, isFirst, ask, seen, retry: () => wanted && ask(wanted) }
}
