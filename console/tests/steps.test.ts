import { describe, expect, it } from 'vitest'
import { createApp } from 'vue'

import {
  awaitedStep,
  countdown,
  dueOf,
  FORMS,
  holderOf,
  isSounding,
  nextToDo,
  otherSteps,
  primaryStep,
} from '../src/steps'
import { createI18n, I18N } from '../src/i18n'
import { CONSOLE, type Console } from '../src/state/console'
import type { IncidentDetail } from '../src/api/types'
import { bodyOf, lackingIn, nothingFilled, useStepping } from '../src/stepping'
import { detail, incident, taken } from './incident'

const NOW = Date.parse('2026-11-21T21:00:00+08:00')
const dispatched = (due_for: string | null, allowed: string[]) =>
  detail({
    stage: 'dispatched',
    next: { action: 'respond', due_at: '2026-11-21T21:05:00+08:00', due_for },
    allowed,
  })

describe('the one thing to do', () => {
  it('is to sign for what nobody has', () => {
    expect(awaitedStep(incident())).toBe('acknowledge')
  })

  it('is the next of the six steps afterwards', () => {
    expect(awaitedStep(taken())).toBe('verify')
  })

  it('is what is awaited on the way, when that is due first', () => {
    expect(primaryStep(dispatched('set-out', ['set-out', 'arrive', 'respond']))).toBe('set-out')
    expect(primaryStep(dispatched('arrive', ['arrive', 'respond']))).toBe('arrive')
  })

  it('is to resume what is suspended', () => {
    const next = { action: 'verify', due_at: '2026-11-21T21:05:00+08:00', due_for: 'resume' }
    expect(primaryStep(detail({ next, allowed: ['resume'] }))).toBe('resume')
  })

  it('is the usual step for whoever may not take the one on the way', () => {
    expect(primaryStep(dispatched('set-out', ['respond']))).toBe('respond')
  })

  it('is named even to those who may not take it', () => {
    expect(primaryStep(dispatched('respond', []))).toBe('respond')
  })

  it('is nothing on a merged incident', () => {
    const merged = taken({ merged_into: { id: 'x', number: '20261121-0002' } })
    expect(awaitedStep(merged)).toBeNull()
  })
})

describe('the other steps', () => {
  it('are those the server allows, without the large one and the note', () => {
    const all = ['acknowledge', 'verify', 'suspend', 'note', 'merge', 'make-real']
    expect(otherSteps(detail({ allowed: all }), ['verify'])).toEqual(['suspend', 'merge'])
  })

  it('take an incident apart only when it holds more than one alarm', () => {
    expect(otherSteps(detail({ allowed: ['split'], alarm_count: 1 }), [])).toEqual([])
    expect(otherSteps(detail({ allowed: ['split'], alarm_count: 2 }), [])).toEqual(['split'])
  })

  it('all have a form', () => {
    const allowed = ['respond', 'close', 'reassign', 'return', 'supervise', 'reopen', 'resume']
    for (const step of otherSteps(detail({ allowed }), [])) expect(FORMS[step]).toBeDefined()
  })

  it('require only what they ask for', () => {
    for (const form of Object.values(FORMS)) {
      expect(form.fields).toEqual(expect.arrayContaining([...form.required]))
    }
  })
})

describe('a due time', () => {
  const due = (at: string, parts = {}) =>
    dueOf(taken({ next: { action: 'verify', due_at: at, due_for: 'verify' }, ...parts }), NOW)

  it('counts down, is loud in its last minute, and over after it', () => {
    expect(due('2026-11-21T21:02:00+08:00')).toMatchObject({ left_ms: 120_000, level: 'calm' })
    expect(due('2026-11-21T21:00:59+08:00')?.level).toBe('soon')
    expect(due('2026-11-21T20:59:59+08:00')).toMatchObject({ left_ms: -1_000, level: 'over' })
  })

  it('that was put off by passing is still over', () => {
    expect(due('2026-11-21T21:02:00+08:00', { overdue: 1 })?.level).toBe('over')
  })

  it('is nothing where none is set', () => {
    expect(dueOf(taken(), NOW)).toBeNull()
  })

  it.each([
    [65_900, '01:05'],
    [-1_000, '00:01'],
    [3_725_000, '1:02:05'],
  ])('of %i ms is told as %s', (ms, text) => {
    expect(countdown(ms)).toBe(text)
  })
})

describe('who is at it', () => {
  it('is who signed, until somebody is sent', () => {
    expect(holderOf(incident())).toBeNull()
    expect(holderOf(taken())).toBe('张伟')
    const people = [{ username: 'li', display_name: '李强' }]
    expect(holderOf(taken({ responder: { to: 'li', people } }))).toBe('李强')
    expect(holderOf(taken({ responder: { to: '东村巡防队', people: [] } }))).toBe('东村巡防队')
  })
})

describe('a siren', () => {
  const item = (type: string, data: Record<string, unknown> = {}) => ({
    seq: 1,
    at: '2026-11-21T21:00:00+08:00',
    type,
    actor: null,
    data,
  })
  const told = (state: string, on = true) => item('told', { kind: 'siren', target: 's1', state, on })

  it('sounds once it was told to, and not when it never was reached', () => {
    expect(isSounding(detail({ timeline: [item('opened'), told('sent')] }))).toBe(true)
    expect(isSounding(detail({ timeline: [told('failed')] }))).toBe(false)
    expect(isSounding(detail())).toBe(false)
  })

  it('is quiet after it was switched off, until it is told again', () => {
    const off = [told('sent'), item('silenced'), told('sent', false), told('delivered')]
    expect(isSounding(detail({ timeline: off }))).toBe(false)
    expect(isSounding(detail({ timeline: [...off, told('sent')] }))).toBe(true)
  })
})

describe('what to turn to next', () => {
  const due = (at: string) => ({ action: 'verify', due_at: at, due_for: 'verify' })
  const calm = taken({ id: 'calm', next: due('2026-11-21T21:10:00+08:00') })
  const over = taken({ id: 'over', next: due('2026-11-21T20:59:00+08:00') })
  const drill = taken({ id: 'drill', drill: true, next: due('2026-11-21T20:50:00+08:00') })
  const waiting = taken({ id: 'waiting', suspended_until: '2026-11-21T23:00:00+08:00' })

  it('is what is overdue, then the first of the queue', () => {
    expect(nextToDo([calm, over], NOW)?.id).toBe('over')
    expect(nextToDo([waiting, calm], NOW)?.id).toBe('calm')
  })

  it('is a drill only when nothing real waits', () => {
    expect(nextToDo([calm, drill], NOW)?.id).toBe('calm')
    expect(nextToDo([drill], NOW)?.id).toBe('drill')
  })

  it('is at least something, when all is suspended', () => {
    expect(nextToDo([waiting], NOW)?.id).toBe('waiting')
    expect(nextToDo([], NOW)).toBeUndefined()
  })
})

describe('a form', () => {
  const form = (step: string) => FORMS[step] ?? { fields: [], required: [], label: 'field.note' }

  it('says what is still missing, first things first', () => {
    expect(lackingIn(form('close'), nothingFilled())).toBe('outcome')
    expect(lackingIn(form('close'), { ...nothingFilled(), outcome: 'real' })).toBe('note')
    expect(lackingIn(form('close'), { ...nothingFilled(), outcome: 'real', note: 'x' })).toBeNull()
    expect(lackingIn(form('split'), { ...nothingFilled(), reason: 'x' })).toBe('alarms')
  })

  it('sends what it asks for and what was said, and nothing else', () => {
    const filled = { ...nothingFilled(), note: ' seen ', reason: 'no', alarms: ['a'] }
    expect(bodyOf('verify', form('verify'), filled)).toEqual({ note: 'seen' })
    expect(bodyOf('split', form('split'), filled)).toEqual({ reason: 'no', alarms: ['a'] })
    expect(bodyOf('acknowledge', form('acknowledge'), filled)).toEqual({})
  })

  it('says of a reassignment whether the sign-for goes along', () => {
    const filled = { ...nothingFilled(), to: 'li', reason: 'x', sign_for: true }
    expect(bodyOf('reassign', form('reassign'), filled)).toMatchObject({ to: 'li', sign_for: true })
  })
})

describe('taking a step', () => {
  const form = FORMS.close!

  /** A console whose answer to a step comes when `answer` is called. */
  function slow() {
    let answer: (value: IncidentDetail) => void = () => {}
    const step = () => new Promise<IncidentDetail>((resolve) => (answer = resolve))
    const app = createApp({ render: () => null })
    const storage = { getItem: () => null } as unknown as Storage
    const page = { documentElement: {}, title: '' } as unknown as Document
    app.provide(I18N, createI18n(storage, page))
    app.provide(CONSOLE, { step, state: { site: null } } as unknown as Console)
    const stepping = app.runWithContext(() => useStepping(() => {}, () => {}))
    return { stepping, answer: () => answer(detail()) }
  }

  it('leaves nothing filled in', async () => {
    const { stepping, answer } = slow()
    stepping.filled.note = '已送医'
    const taking = stepping.take(detail(), 'respond', {})
    answer()
    expect(await taking).toBe(true)
    expect(stepping.filled.note).toBe('')
  })

  it('keeps what was chosen for the next step before the answer to this one came', async () => {
    const { stepping, answer } = slow()
    stepping.filled.note = '已送医'
    const taking = stepping.take(detail(), 'respond', {})
    // the stream told of it first, and the page turned to the next step
    stepping.clear()
    stepping.filled.outcome = 'real'
    answer()
    await taking
    expect(lackingIn(form, { ...stepping.filled, note: '队伍确认' })).toBeNull()
  })
})
