/** A page that reads something once and after each change of its own; failures in words. */
import { onMounted, type Ref, shallowRef } from 'vue'

import { useI18n } from './i18n'
import { useWorking } from './working'

export function useReading<T>(read: () => Promise<T>) {
  const { problem } = useI18n()
  const found: Ref<T | null> = shallowRef(null)
  const { busy, trouble, run } = useWorking()

  async function load(): Promise<void> {
    try {
      found.value = await read()
      trouble.value = ''
    } catch (error) {
      trouble.value = problem(error)
    }
  }

  /** Does `work`, then reads again. Whether it was done. */
  const change = (work: () => Promise<unknown>) =>
    run(async () => {
      await work()
      await load()
    }).then((done) => done && trouble.value === '')

  onMounted(load)
  return { found, trouble, busy, load, change }
}
