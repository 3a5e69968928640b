/**
 * A long list that the server gives page by page, each page after the last one's cursor. What is
 * asked for anew makes answers to older questions worthless: they are let go.
 */
import { ref, shallowRef } from 'vue'

import { useI18n } from './i18n'

export interface ListPage<T> {
  items: T[]
  total: number
  next: string | null
}

export function usePages<T>(read: (after: string | null) => Promise<ListPage<T>>) {
  const { problem } = useI18n()
  const items = shallowRef<T[]>([])
  const total = ref<number | null>(null)
  const trouble = ref('')
  const loading = ref(false)
  let next: string | null = null
  let wanted = 0
  let question = 0

  /** From the first page on; answers to older questions are let go. */
  async function begin(): Promise<void> {
    question += 1
    next = null
    wanted = -1
    loading.value = true
    await readOn(question, null)
  }

  /** So that the list reaches at least to this index. One reads; the others say how far. */
  async function reach(index: number): Promise<void> {
    wanted = Math.max(wanted, index)
    if (loading.value || !isShort()) return
    loading.value = true
    await readOn(question, next)
  }

  const isShort = () => next !== null && items.value.length <= wanted

  async function readOn(asked: number, from: string | null): Promise<void> {
    let after = from
    try {
      do {
        const page = await read(after)
        if (asked !== question) return
        items.value = after === null ? page.items : [...items.value, ...page.items]
        total.value = page.total
        next = after = page.next
      } while (isShort())
      trouble.value = ''
    } catch (error) {
      if (asked === question) trouble.value = problem(error)
    } finally {
      if (asked === question) loading.value = false
    }
  }

  return { items, total, trouble, loading, begin, reach }
}
