/** Rules and plans in plain words. Pure: what speaks the language is an argument. */
import type { EscalationPlan, PlanStep, Rule, Together } from './api/oversight'
import type { Key, Params } from './i18n'

export interface Speaker {
  t: (key: Key, params?: Params) => string
  word: (group: string, code: string) => string
}

/** 90 s is one minute and a half to nobody: "90 s"; 600 s are "10 min". */
export function span(seconds: number, { t }: Speaker): string {
  if (seconds >= 86_400 && seconds % 86_400 === 0) return t('span.days', { n: seconds / 86_400 })
  if (seconds >= 3_600 && seconds % 3_600 === 0) return t('span.hours', { n: seconds / 3_600 })
  if (seconds >= 120 && seconds % 60 === 0) return t('span.minutes', { n: seconds / 60 })
  return t('span.seconds', { n: seconds })
}

const all = (group: string, codes: readonly string[], { word, t }: Speaker) =>
  codes.map((code) => word(group, code)).join(t('policy.or'))

/** What a rule asks of an alarm, a sentence a condition; none: it takes every alarm. */
export function conditions(rule: Rule, speaker: Speaker): string[] {
  const { t, word } = speaker
  const said: string[] = []
  const when = (key: Key, words: string) => {
    if (words !== '') said.push(t(key, { words }))
  }
  when('policy.ifKinds', all('kind', rule.kinds, speaker))
  when('policy.ifSources', all('policy.source', rule.sources, speaker))
  when('policy.ifVillages', rule.villages.join(t('policy.or')))
  when('policy.ifGrids', rule.grids.join(t('policy.or')))
  when('policy.ifGroups', rule.groups.join(t('policy.or')))
  when('policy.ifLayers', all('layer', rule.layers, speaker))
  when('policy.ifHours', rule.hours ?? '')
  when('policy.ifWeekdays', all('weekday', rule.weekdays.map(String), speaker))
  when('policy.ifDays', rule.days === null ? '' : word('policy.days', rule.days))
  when('policy.ifStates', all('policy.cameraState', rule.source_states, speaker))
  if (rule.drill !== null) said.push(t(rule.drill ? 'policy.ifDrill' : 'policy.ifNoDrill'))
  return said
}

/** What follows, a sentence each. */
export function consequences(rule: Rule, speaker: Speaker): string[] {
  const { t, word } = speaker
  if (rule.set_aside) return [t('policy.setAside')]
  const said = [
    rule.priority === null ? t('policy.kindsPriority') : t('policy.priority', { n: rule.priority }),
    rule.mute ? t('policy.muted') : t('policy.takesPlan', { plan: rule.plan }),
  ]
  if (rule.cameras_at_most > 0) {
    said.push(t('policy.cameras', { m: rule.cameras_within_m, n: rule.cameras_at_most }))
  }
  for (const action of rule.actions) said.push(word('policy.action', action))
  return said
}

/** Whom a step calls: `role:duty-officer` and the like. */
export function callee(text: string, { t, word }: Speaker): string {
  const [sort = '', name = ''] = text.split(/:(.*)/s)
  if (sort === 'role') return word('role', name)
  if (sort === 'officer') return t('policy.villageOfficer')
  if (sort === 'post') return t('policy.post', { name })
  if (sort === 'user') return t('policy.user', { name })
  return text
}

/** A step of a plan as one sentence. */
export function stepSentence(step: PlanStep, first: boolean, speaker: Speaker): string {
  const { t, word } = speaker
  const people = step.call.map((one) => callee(one, speaker)).join(t('policy.and'))
  const when = first ? t('policy.atOnce') : t('policy.after', { time: span(step.after_s, speaker) })
  const parts = [people === '' ? when : t('policy.calls', { when, people })]
  const others = step.ways.filter((one) => one !== 'console')
  if (others.length > 0) {
    const ways = others.map((one) => {
      const [kind = '', name = ''] = one.split(/:(.*)/s)
      return name === '' ? word('policy.way', kind) : `${word('policy.way', kind)} ${name}`
    })
    parts.push(t('policy.byWays', { ways: ways.join(t('policy.and')) }))
  }
  if (step.inform.length > 0) {
    const people_ = step.inform.map((one) => callee(one, speaker)).join(t('policy.and'))
    parts.push(t('policy.informs', { people: people_ }))
  }
  if (step.hours !== null) parts.push(t('policy.onlyHours', { hours: step.hours }))
  if (step.if_more_than !== null && step.if_within_s !== null) {
    parts.push(t('policy.ifMore', { n: step.if_more_than, time: span(step.if_within_s, speaker) }))
  }
  if (step.until !== null) parts.push(untilSentence(step.until, speaker))
  return parts.join(t('policy.comma'))
}

export function untilSentence(until: string, speaker: Speaker): string {
  const { t } = speaker
  if (until === 'one') return t('policy.untilOne')
  if (until === 'all') return t('policy.untilAll')
  return t('policy.untilRole', { role: callee(until, speaker) })
}

/** How the plan goes on after its last step. */
export function ending(plan: EscalationPlan, speaker: Speaker): string {
  const { t } = speaker
  const time = span(plan.repeat_s, speaker)
  const repeats =
    plan.repeats_at_most === null
      ? t('policy.repeats', { time })
      : t('policy.repeatsAtMost', { time, n: plan.repeats_at_most })
  const hours = plan.hours === null ? [] : [t('policy.onlyHours', { hours: plan.hours })]
  return [repeats, untilSentence(plan.until, speaker), ...hours].join(t('policy.comma'))
}

export function togetherSentence(one: Together, speaker: Speaker): string {
  const { t, word } = speaker
  const parts = [word('policy.same', one.same)]
  if (one.kinds.length > 0) parts.push(t('policy.ifKinds', { words: all('kind', one.kinds, speaker) }))
  if (one.with_kinds.length > 0) {
    parts.push(t('policy.withKinds', { words: all('kind', one.with_kinds, speaker) }))
  }
  if (one.within_m !== null) parts.push(t('policy.withinM', { m: one.within_m }))
  if (one.within_s !== null) parts.push(t('policy.withinS', { time: span(one.within_s, speaker) }))
  if (one.rings) parts.push(t('policy.ringsAgain'))
  return parts.join(t('policy.comma'))
}
