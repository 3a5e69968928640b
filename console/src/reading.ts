/** A page that reads something once and after each change of its own; failures in words. */
import { onMounted, ref, type Ref, shallowRef } from 'vue'

import { useI18n } from './i18n'

export function useReading<T>(read: () => Promise<T>) {
  const { problem } = useI18n()
  const found: Ref<T | null> = shallowRef(null)
  const trouble = ref('')
  const busy = ref(false)

  async function load(): Promise<void> {
    try {
      found.value = await read()
      trouble.value = ''
    } catch (error) {
      trouble.value = problem(error)
    }
  }

  /** Does `work`, then reads again. Whether it was done. */
  async function change(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    trouble.value = ''
    try {
      await work()
      await load()
      return trouble.value === ''
    } catch (error) {
      trouble.value = problem(error)
      return false
    } finally {
      busy.value = false
    }
  }

  onMounted(load)
  return { found, trouble, busy, load, change }
}
