/** Which cameras a page shows live, in the order they were opened. */
import { computed, type Ref, ref } from 'vue'

export function useShown(known: Ref<readonly { id: string; name: string }[]>) {
  const ids = ref<string[]>([])
  const cameras = computed(() =>
    ids.value.flatMap((id) => {
      const found = known.value.find((camera) => camera.id === id)
      return found === undefined ? [] : [{ id, name: found.name }]
    }),
  )

  function toggle(id: string): void {
    ids.value = ids.value.includes(id) ? ids.value.filter((one) => one !== id) : [...ids.value, id]
  }

  function clear(): void {
    ids.value = []
  }

  return { ids, cameras, toggle, clear }
}
