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

  /** From the first page on. */
  async function begin(): Promise<void> {
    question += 1
    loading.value = false
    await readOn(null)
  }

  /** So that the list reaches at least to this index. */
  async function reach(index: number): Promise<void> {
    wanted = index
    if (loading.value) return
    const asked = question
    while (asked === question && next !== null && items.value.length <= wanted) {
      if (!(await readOn(next))) return
    }
  }

  async function readOn(after: string | null): Promise<boolean> {
    const asked = question
    loading.value = true
    try {
      const page = await read(after)
      if (asked !== question) return false
      items.value = after === null ? page.items : [...items.value, ...page.items]
      total.value = page.total
      next = page.next
      trouble.value = ''
      return true
    } catch (error) {
      if (asked === question) trouble.value = problem(error)
      return false
    } finally {
      if (asked === question) loading.value = false
    }
  }

  return { items, total, trouble, loading, begin, reach }
}
