/** Which layers somebody wants to see; remembered in this browser. */
import { ref } from 'vue'

import { LAYERS, type LayerName } from './scene'

const STORED_AS = 'lianfang.map.layers'
/** Without `sight`: where cameras see nothing is asked for, not shown unasked. */
const USUAL: readonly LayerName[] = ['boundaries', 'households', 'cameras', 'views', 'teams', 'incidents']

export function useLayers(storage: Storage = localStorage) {
  const wanted = ref<ReadonlySet<LayerName>>(stored(storage))
  function turn(layer: LayerName, on: boolean): void {
    const next = new Set(wanted.value)
    if (on) next.add(layer)
    else next.delete(layer)
    wanted.value = next
    storage.setItem(STORED_AS, [...next].join(' '))
  }
  return { wanted, turn }
}

function stored(storage: Storage): ReadonlySet<LayerName> {
  const text = storage.getItem(STORED_AS)
  if (text === null) return new Set(USUAL)
  // an incident is never hidden by what somebody ticked last week
  return new Set(LAYERS.filter((one) => one === 'incidents' || text.split(' ').includes(one)))
}
