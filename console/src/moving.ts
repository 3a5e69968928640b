/** What may become of a place or a household: one such thing chosen, said before, and then done. */
import { ref, type Ref } from 'vue'

import type { Written } from './api/registry'
import { useWorking } from './working'

export interface Moves<Doing extends string> {
  /** Made ready for this one, or left. */
  prepare: (what: Doing) => void
  work: (what: Doing) => Promise<Written>
  done: (what: Doing, warnings: string[]) => void
}

export function useMoving<Doing extends string>(moves: Moves<Doing>) {
  const doing = ref(null) as Ref<Doing | null>
  const { busy, trouble, run } = useWorking()

  function begin(what: Doing): void {
    doing.value = doing.value === what ? null : what
    trouble.value = ''
    moves.prepare(what)
  }

  async function go(): Promise<void> {
    const what = doing.value
    if (what === null) return
    await run(async () => {
      const { warnings } = await moves.work(what)
      doing.value = null
      moves.done(what, warnings)
    })
  }

  return { doing, busy, trouble, begin, go }
}
