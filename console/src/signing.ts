/** Signing for an incident, as the board and the queue do it: one at a time, failures in words. */
import { ref } from 'vue'

import { Stale } from './api/errors'
import type { Incident } from './api/types'
import { useI18n } from './i18n'
import { useConsole } from './state/console'
import { needsSigning } from './state/incidents'

export function useSigning() {
  const duty = useConsole()
  const { t, problem } = useI18n()
  const busyId = ref<string | null>(null)
  /** The sentence about the last failure, until the next try. */
  const trouble = ref('')

  async function sign(incident: Incident): Promise<boolean> {
    if (busyId.value !== null) return false
    busyId.value = incident.id
    trouble.value = ''
    try {
      await duty.step(incident, 'acknowledge')
      return true
    } catch (error) {
      const now = duty.book.value.get(incident.id)?.incident
      const taker = now !== undefined && !needsSigning(now) ? now.acknowledged : null
      trouble.value =
        error instanceof Stale && taker !== null
          ? t('error.staleSigned', { name: taker.by })
          : problem(error)
      return false
    } finally {
      busyId.value = null
    }
  }

  return { sign, busyId, trouble }
}
