/** Taking a step: what was filled in, what is missing, and what came of it in words. */
import { reactive, ref } from 'vue'

import { Stale } from './api/errors'
import type { IncidentDetail, StepBody } from './api/types'
import { useI18n } from './i18n'
import { useConsole } from './state/console'
import type { Field, Form } from './steps'
import { useTimes } from './words'

export interface Filled {
  note: string
  reason: string
  to: string
  /** RFC 3339. */
  until: string
  outcome: string
  into: string
  alarms: string[]
  /** Reassigning: hand over the sign-for, not the errand. */
  sign_for: boolean
}

export function nothingFilled(): Filled {
  return {
    note: '',
    reason: '',
    to: '',
    until: '',
    outcome: '',
    into: '',
    alarms: [],
    sign_for: false,
  }
}

/** The first field that still has to be filled in. */
export function lackingIn(form: Form, filled: Filled): Field | null {
  const empty = (field: Field) => {
    const value = filled[field]
    return typeof value === 'string' ? value.trim() === '' : value.length === 0
  }
  return form.required.find(empty) ?? null
}

/** What is sent: only what the form asks for and what was said. */
export function bodyOf(step: string, form: Form, filled: Filled): StepBody {
  const body: StepBody = {}
  for (const field of form.fields) {
    if (field === 'alarms') body.alarms = [...filled.alarms]
    else if (filled[field].trim() !== '') body[field] = filled[field].trim()
  }
  if (step === 'reassign') body.sign_for = filled.sign_for
  return body
}

export function useStepping(done: (incident: IncidentDetail) => void, stale: () => void) {
  const duty = useConsole()
  const { t, word, problem } = useI18n()
  const { moment } = useTimes()
  const filled = reactive(nothingFilled())
  const busy = ref(false)
  const trouble = ref('')
  /** The trouble tells who was quicker: it stays when the page turns to what they have left to do. */
  let wasStale = false

  function clear(): void {
    Object.assign(filled, nothingFilled())
    if (!wasStale) trouble.value = ''
  }

  async function take(incident: IncidentDetail, step: string, body: StepBody): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    trouble.value = ''
    wasStale = false
    const sent = JSON.stringify(filled)
    try {
      done(await duty.step(incident, step, body))
      // the stream may be quicker than the answer: then this is filled in for the next step already
      if (JSON.stringify(filled) === sent) clear()
      return true
    } catch (error) {
      trouble.value = error instanceof Stale ? changedBy(error) : problem(error)
      wasStale = error instanceof Stale
      if (wasStale) stale()
      return false
    } finally {
      busy.value = false
    }
  }

  /** Who was quicker, and with what; as far as the answer tells. */
  function changedBy(error: Stale): string {
    const last = error.current?.timeline?.filter((item) => item.actor !== null).at(-1)
    if (last === undefined || last.actor === null) return t('error.stale')
    return t('error.staleBy', {
      name: last.actor.display_name,
      what: word('timeline', last.type),
      time: moment(last.at),
    })
  }

  return { filled, busy, trouble, take, clear }
}
