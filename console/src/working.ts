/** One piece of work at a time, which somebody asked for by a press; what went wrong is told in words. */
import { ref } from 'vue'

import { useI18n } from './i18n'

export function useWorking() {
  const { problem } = useI18n()
  const busy = ref(false)
  const trouble = ref('')

  /** Whether it was done; a second press while the first one's work goes on does nothing. */
  async function run(job: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    trouble.value = ''
    try {
      await job()
      return true
    } catch (error) {
      trouble.value = problem(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, trouble, run }
}
