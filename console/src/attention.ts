/**
 * What of the browser outside the page calls for attention: title, icon, desktop notification.
 */
import { watch } from 'vue'

import type { Incident } from './api/types'
import type { I18n } from './i18n'
import type { Console } from './state/console'
import { isLifeSafety } from './state/incidents'

export function placeWords(incident: Pick<Incident, 'place'>): string {
  const { village, group, household } = incident.place
  return [village, group, household].filter((word) => word !== null && word !== '').join(' ')
}

export function watchAttention(duty: Console, i18n: I18n, page: Document): void {
  const notified = new Map<string, number>()

  watch(
    () => [duty.unsigned.value, duty.state.phase, i18n.language.value, duty.state.line] as const,
    ([unsigned, phase]) => {
      const site = i18n.language.value === 'zh' ? duty.state.site?.name_zh : duty.state.site?.name_en
      const name = site ?? i18n.t('app.name')
      const first = unsigned[0]
      const loud = unsigned.some((incident) => isLifeSafety(incident) && !incident.drill)
      if (phase === 'ended') {
        page.title = `(!) ${i18n.t('ended.title')}`
      } else if (phase === 'on-duty' && duty.state.line === 'lost') {
        page.title = `(!) ${i18n.t('line.lostShort')} · ${name}`
      } else if (phase === 'on-duty' && first !== undefined) {
        const what = `${i18n.word('kind', first.kind)} ${placeWords(first)}`
        page.title = `(${unsigned.length}) ${what} · ${name}`
      } else {
        page.title = name
      }
      setIcon(page, loud || phase === 'ended')
      for (const incident of phase === 'on-duty' ? unsigned : []) notify(incident)
    },
    { immediate: true },
  )

  function notify(incident: Incident): void {
    if (incident.ring <= (notified.get(incident.id) ?? -1)) return
    notified.set(incident.id, incident.ring)
    if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return
    // The page itself shows it to whoever is looking; the notification is for whoever is not.
    if (page.visibilityState === 'visible') return
    new Notification(i18n.word('kind', incident.kind), {
      body: placeWords(incident),
      tag: incident.id,
      requireInteraction: isLifeSafety(incident),
    }).onclick = () => window.focus()
  }
}

function setIcon(page: Document, alarm: boolean): void {
  const link = page.querySelector<HTMLLinkElement>('link[rel="icon"]')
  const href = alarm ? '/assets/icon-alarm.svg' : '/assets/icon-calm.svg'
  if (link !== null && link.getAttribute('href') !== href) link.setAttribute('href', href)
}
