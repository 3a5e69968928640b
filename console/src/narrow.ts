/** Whether the window is at most so many pixels wide, for what style sheets cannot say. */
import { onBeforeUnmount, ref } from 'vue'

export function useNarrow(px: number) {
  const query = window.matchMedia(`(max-width: ${px}px)`)
  const narrow = ref(query.matches)
  const look = () => (narrow.value = query.matches)
  query.addEventListener('change', look)
  onBeforeUnmount(() => query.removeEventListener('change', look))
  return narrow
}
