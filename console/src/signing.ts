/** Signing for an incident, as the board and the queue do it: one at a time, failures in words. */
import { onBeforeUnmount, ref } from 'vue'

import { Stale } from './api/errors'
import type { Incident } from './api/types'
import { useI18n } from './i18n'
import { useConsole } from './state/console'
import { needsSigning } from './state/incidents'

/** How long a sentence about a failure stays when nobody tries again. */
const SHOWN_MS = 12_000

/** A failure and the incident it is about: it must never be read as being about another one. */
export interface Trouble {
  id: string
  number: string
  text: string
}

export function useSigning() {
  const duty = useConsole()
  const { t, problem } = useI18n()
  const busyId = ref<string | null>(null)
  const trouble = ref<Trouble | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  onBeforeUnmount(() => clearTimeout(timer))

  const sign = (incident: Incident) => take(incident, 'acknowledge')
  /** 转为实警. */
  const makeReal = (incident: Incident) => take(incident, 'make-real')

  async function take(incident: Incident, step: string): Promise<boolean> {
    if (busyId.value !== null) return false
    busyId.value = incident.id
    trouble.value = null
    try {
      await duty.step(incident, step)
      return true
    } catch (error) {
      const now = duty.book.value.get(incident.id)?.incident
      const taker = now !== undefined && !needsSigning(now) ? now.acknowledged : null
      const text =
        error instanceof Stale && taker !== null
          ? t('error.staleSigned', { name: taker.by })
          : problem(error)
      trouble.value = { id: incident.id, number: incident.number, text }
      clearTimeout(timer)
      timer = setTimeout(() => (trouble.value = null), SHOWN_MS)
      return false
    } finally {
      busyId.value = null
    }
  }

  return { sign, makeReal, busyId, trouble }
}
