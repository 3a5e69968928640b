/** A press under way when another thing takes the place on the screen must not count for that. */
import { onBeforeUnmount, readonly, ref, watch } from 'vue'

const SETTLE_MS = 500

/** Whether what is `shown` has only just come up; `then` is called when it has stood for a moment. */
export function useSettling(shown: () => unknown, then: () => void = () => {}) {
  const settling = ref(true)
  let timer: ReturnType<typeof setTimeout> | undefined

  watch(
    shown,
    () => {
      settling.value = true
      clearTimeout(timer)
      timer = setTimeout(() => {
        settling.value = false
        then()
      }, SETTLE_MS)
    },
    { immediate: true },
  )
  onBeforeUnmount(() => clearTimeout(timer))
  return readonly(settling)
}
