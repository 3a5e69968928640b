import { describe, expect, it } from 'vitest'

import type { EscalationPlan, PlanStep, Rule } from '../src/api/oversight'
import { aboutEntry, detailOf } from '../src/auditWords'
import { browserName } from '../src/browsers'
import { fill, type Key, type Params } from '../src/i18n'
import { en } from '../src/i18n/en'
import { callee, conditions, consequences, ending, span, stepSentence } from '../src/policyWords'

const word = (group: string, code: string) => (en as Record<string, string>)[`${group}.${code}`] ?? code
const speaker = { t: (key: Key, params: Params = {}) => fill(en[key], params), word }

const rule: Rule = {
  name: 'loitering',
  built_in: false,
  line: 16,
  kinds: ['loitering'],
  sources: ['camera'],
  villages: [],
  grids: [],
  groups: [],
  layers: [],
  hours: '22:00-06:00',
  weekdays: [1, 5],
  days: null,
  drill: null,
  source_states: [],
  priority: 3,
  plan: 'default',
  cameras_within_m: 100,
  cameras_at_most: 3,
  actions: ['snapshot'],
  set_aside: false,
  mute: false,
}
const step: PlanStep = {
  after_s: 30,
  call: ['role:shift-leader', 'officer:village', 'post:gate', 'user:zhang'],
  inform: [],
  ways: ['console'],
  hours: null,
  if_more_than: null,
  if_within_s: null,
  until: null,
}

describe('a rule in plain words', () => {
  it('says each condition, and nothing of what it does not ask', () => {
    const said = conditions(rule, speaker)
    expect(said).toHaveLength(4)
    expect(said[2]).toBe('between 22:00-06:00')
    expect(said[3]).toBe('on Monday or Friday')
    expect(conditions({ ...rule, kinds: [], sources: [], hours: null, weekdays: [] }, speaker)).toEqual([])
  })

  it('says what follows', () => {
    expect(consequences(rule, speaker)).toEqual([
      'priority 3',
      'people are called by plan “default”',
      'at most 3 cameras within 100 m are linked',
      'each camera near takes a picture',
    ])
    expect(consequences({ ...rule, set_aside: true }, speaker)).toHaveLength(1)
    expect(consequences({ ...rule, mute: true }, speaker)[1]).toMatch(/neither rings/)
  })
})

describe('a step of a plan in plain words', () => {
  it('says when and whom', () => {
    expect(stepSentence(step, false, speaker)).toMatch(/^not signed for in 30 s: .*are called$/)
    expect(stepSentence(step, true, speaker)).toMatch(/^when it rings/)
  })

  it('names everybody by what they are', () => {
    expect(step.call.map((one) => callee(one, speaker))).toEqual([
      word('role', 'shift-leader'),
      'the village’s police officer',
      'who holds post “gate”',
      'zhang',
    ])
  })

  it('says the other ways, the hours and the condition', () => {
    const said = stepSentence(
      { ...step, ways: ['console', 'siren', 'webhook:county'], hours: '20:00-08:00', if_more_than: 3, if_within_s: 300 },
      false,
      speaker,
    )
    expect(said).toMatch(/siren, another system county/)
    expect(said).toMatch(/only 20:00-08:00/)
    expect(said).toMatch(/more than 3 alarms in 5 min/)
  })

  it('says how the plan goes on', () => {
    const plan: EscalationPlan = {
      name: 'p', built_in: false, line: 1, steps: [step], repeat_s: 60, repeats_at_most: null, hours: null,
      until: 'one', used_by: [],
    }
    expect(ending(plan, speaker)).toMatch(/again every 60 s/)
    expect(ending({ ...plan, repeats_at_most: 5 }, speaker)).toMatch(/5 times at most/)
    expect(ending({ ...plan, until: 'role:dispatcher' }, speaker)).toMatch(/has confirmed/)
  })
})

describe('a span of time', () => {
  it.each([
    [60, '60 s'],
    [90, '90 s'],
    [600, '10 min'],
    [7200, '2 h'],
    [86_400, '1 d'],
  ])('%d s', (seconds, said) => {
    expect(span(seconds, speaker)).toBe(said)
  })
})

describe('an entry of the audit', () => {
  it('leads to the page of what it is about, where there is one', () => {
    expect(aboutEntry('incident:a b')).toEqual({ sort: 'incident', name: 'a b', to: '/incidents/a%20b' })
    expect(aboutEntry('account:wang')).toEqual({ sort: 'account', name: 'wang', to: null })
    expect(aboutEntry('everything')).toEqual({ sort: '', name: 'everything', to: null })
  })

  it('tells what was done and why before the rest', () => {
    const said = detailOf({ places: ['a', 'b'], reason: 'lost', what: 'change', ends: null }, word)
    expect(said).toBe('changed；lost；places a、b；ends –')
  })
})

describe('what a browser calls itself', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36', 'Chrome 120 · Windows'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0', 'Edge 120 · Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1', 'Safari 17 · iOS'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['', ''],
  ])('%s', (agent, name) => {
    expect(browserName(agent)).toBe(name)
  })
})
