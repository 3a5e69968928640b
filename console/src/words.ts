/** From facts to words and marks that several views share. */
import { computed } from 'vue'

import type { Caller, Incident, Place } from './api/types'
import type { IconName } from './components/AppIcon.vue'
import { ageOf, clockTime, minuteTime, momentTime } from './format'
import { useI18n } from './i18n'
import { useConsole } from './state/console'

export type Level = 'ok' | 'bad' | 'wait' | 'unknown'

export interface SystemPart {
  name: string
  label: string
  value: string
  /** For places with little room. */
  brief?: string
  level: Level
  detail: string | null
}

const KIND_ICONS: Record<string, IconName> = {
  fire: 'fire',
  medical: 'cross',
  missing: 'person',
  loitering: 'eye',
  unattended: 'chair',
  rota_gap: 'chair',
  camera_fault: 'camera',
}

/** What the system raises about the duty room itself. */
const OWN_KINDS: ReadonlySet<string> = new Set(['unattended', 'rota_gap', 'camera_fault'])

export function kindIcon(kind: string): IconName {
  return KIND_ICONS[kind] ?? 'bell'
}

/** Times in the site's zone and ages by the server's clock. */
export function useTimes() {
  const duty = useConsole()
  const { t } = useI18n()
  const zone = computed(() => duty.state.site?.time_zone ?? 'Asia/Shanghai')
  const moment = (at: string | null) =>
    at === null ? '' : momentTime(Date.parse(at), duty.serverNow.value, zone.value)
  /** For what is planned: nobody plans by the second. */
  const minute = (at: string | null) =>
    at === null ? '' : minuteTime(Date.parse(at), duty.serverNow.value, zone.value)
  const age = (at: string) => {
    const { key, params } = ageOf(duty.serverNow.value - Date.parse(at))
    return t(key, params)
  }
  const localClock = (ms: number) => clockTime(ms, zone.value)
  return { zone, moment, minute, age, localClock }
}

/** The place from the widest to the household, as far as it is known. */
export function usePlace() {
  const { t } = useI18n()
  return (incident: Incident) => {
    const { village, group, grid, household } = whereOf(incident)
    const area = group ?? grid
    const parts = [village, area === village ? null : area, household]
    const known = parts.filter((part): part is string => part !== null && part !== '')
    if (known.length > 0) return known
    return [t(OWN_KINDS.has(incident.kind) ? 'incident.dutyRoom' : 'incident.unknownPlace')]
  }
}

/** Where the most urgent of those who called is; the incident's own place where nobody did. */
function whereOf(incident: Incident): Place {
  const first = incident.callers[0]
  if (first === undefined) return incident.place
  const { village, group } = first
  const grid = village === incident.place.village ? incident.place.grid : null
  return { village, group, grid, household: first.household ?? first.device }
}

/** Those who called, in words. */
export function useCallers() {
  const { t, word } = useI18n()
  const line = (caller: Caller, from: Place) => {
    const { village, group } = caller
    const parts = [
      village === from.village ? null : village,
      group === from.group ? null : group,
      caller.household ?? caller.device,
      word('kind', caller.kind),
      caller.silent && caller.kind !== 'duress' ? t('flag.silent') : null,
    ]
    return parts.filter((part) => part !== null && part !== '').join(' ')
  }
  /** All but the one that the place of the incident names. */
  const others = (incident: Incident) =>
    incident.callers.slice(1).map((caller) => line(caller, whereOf(incident)))
  return { others }
}

/** The parts of the system with their state. With the line down nothing else can be known. */
export function useSystemParts() {
  const duty = useConsole()
  const { t, half } = useI18n()
  const { moment, localClock } = useTimes()

  const line = computed<SystemPart>(() => {
    const { line: state, lostAt } = duty.state
    const base = { name: 'line', label: t('system.line'), detail: null }
    if (state === 'live') return { ...base, value: t('line.live'), level: 'ok' }
    if (lostAt === null) return { ...base, value: t('line.connecting'), level: 'wait' }
    const time = localClock(lostAt + duty.client.clockOffsetMs)
    return { ...base, value: t('line.lost', { time }), level: 'bad' }
  })

  const parts = computed<SystemPart[]>(() => {
    const system = duty.state.system
    const blind = system === null || duty.state.line !== 'live'
    const unknown = (name: string, label: string): SystemPart => ({
      name,
      label,
      value: t('system.unknown'),
      level: 'unknown',
      detail: null,
    })
    if (blind) {
      return [
        unknown('intake', t('system.intake')),
        unknown('store', t('system.store')),
        unknown('broker', t('system.broker')),
        unknown('cameras', t('system.cameras')),
        unknown('officers', t('system.officers')),
      ]
    }
    const plain = (name: 'intake' | 'store', label: string): SystemPart => {
      const part = system[name]
      if (part.state === 'up') return { name, label, value: t('system.up'), level: 'ok', detail: null }
      const value =
        part.since === null
          ? t('system.down')
          : t('system.downSince', { time: moment(part.since) })
      return { name, label, value, level: 'bad', detail: half(part.detail ?? '') }
    }
    const { watching, down, connecting } = system.cameras
    const total = watching + down + connecting
    const { attended, officers } = system.console
    return [
      plain('intake', t('system.intake')),
      plain('store', t('system.store')),
      {
        name: 'broker',
        label: t('system.broker'),
        value: t(system.broker.kind === 'embedded' ? 'system.brokerEmbedded' : 'system.brokerOutside'),
        // The broker is seen through the intake: when presses come in, it works.
        level: system.intake.state === 'up' ? 'ok' : 'bad',
        detail: null,
      },
      {
        name: 'cameras',
        label: t('system.cameras'),
        value: t('system.camerasCount', { watching, total }),
        brief: `${watching}/${total}`,
        level: down > 0 ? 'bad' : connecting > 0 ? 'wait' : 'ok',
        detail: null,
      },
      {
        name: 'officers',
        label: t('system.officers'),
        value: attended ? t('system.officersCount', { count: officers }) : t('system.unattended'),
        ...(attended ? { brief: String(officers) } : {}),
        level: attended ? 'ok' : 'bad',
        detail: null,
      },
    ]
  })
  return { line, parts }
}
