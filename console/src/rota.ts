/**
 * Posts, shifts and patrol slots between what is kept and what a person fills in, and who may change
 * them. Pure; no words for people.
 */
import type { Area, Names, OfficerEntry, Pattern, PostEntry, Slot, TeamEntry } from './api/dutySettings'

export const EVERYWHERE = '*'
export const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7]

/** Whether all of it lies in the places of whoever asks; the server refuses what does not. */
export function liesWithin(area: Area, places: readonly string[]): boolean {
  return places.includes(EVERYWHERE) || area.villages.every((village) => places.includes(village))
}

/** A new area: the whole town, or all that whoever asks may change. */
export function areaFor(places: readonly string[]): Area {
  return { villages: places.includes(EVERYWHERE) ? [EVERYWHERE] : [...places], grids: [] }
}

/** The area without grids that its villages do not hold any more. */
export function tidied(area: Area, grids: Names['grids']): Area {
  const inside = (id: string) => {
    const village = grids.find((grid) => grid.id === id)?.village
    // one that we do not know is for the server to judge
    return village === undefined || coversVillage(area, village)
  }
  return { villages: [...area.villages], grids: area.grids.filter(inside) }
}

export const coversVillage = (area: Area, village: string) =>
  area.villages.includes(EVERYWHERE) || area.villages.includes(village)

/** "08:00-20:00" as two fields. */
export function spanOf(hours: string): { from: string; until: string } {
  const [from = '', until = ''] = hours.split('-')
  return { from, until }
}

/** When a shift that begins at `start` ends, and how many days later. */
export function endOf(start: string, hours: number): { time: string; days: number } {
  const [h = 0, m = 0] = start.split(':').map(Number)
  const total = h * 60 + m + Math.round(hours * 60)
  const two = (n: number) => String(n).padStart(2, '0')
  return {
    time: `${two(Math.floor(total / 60) % 24)}:${two(total % 60)}`,
    days: Math.floor(total / (24 * 60)),
  }
}

export const isEveryDay = (weekdays: readonly number[]) =>
  EVERY_DAY.every((day) => weekdays.includes(day))

export function newPost(places: readonly string[]): Omit<PostEntry, 'id'> {
  return { name: '', role: 'duty-officer', must_be_manned: true, hours: null, ...areaFor(places) }
}

/** From the day on which it is made: nobody plans the past. */
export function newPattern(post: string, today: string): Omit<Pattern, 'id'> {
  const when = { start: '08:00', hours: 24, begins_on: today, ends_on: null }
  return { post, ...when, crews: [[]], weekdays: [...EVERY_DAY], turn: 'shift' }
}

export const newSlot = (): Slot => ({
  hours: '20:00-08:00',
  weekdays: [...EVERY_DAY],
  every_weeks: 1,
  since: null,
})

export type SlotFields = Omit<Slot, 'hours' | 'since'> & { from: string; until: string; since: string }

export const slotFields = ({ hours, since, ...rest }: Slot): SlotFields => ({
  ...rest,
  ...spanOf(hours),
  weekdays: [...rest.weekdays],
  since: since ?? '',
})

/** A slot of every week begins nowhere. */
export const slotBody = ({ from, until, since, ...rest }: SlotFields): Slot => ({
  ...rest,
  hours: `${from}-${until}`,
  since: rest.every_weeks > 1 ? since : null,
})

export function newTeam(places: readonly string[]): Omit<TeamEntry, 'id'> {
  const empty = { name: '', usernames: [], members: [], latitude: null, longitude: null }
  return { ...empty, slots: [newSlot()], ...areaFor(places) }
}

/** Crews that nobody is in are no crews. */
export function patternBody(form: Omit<Pattern, 'id'>): Omit<Pattern, 'id'> {
  return {
    ...form,
    crews: form.crews.filter((crew) => crew.length > 0),
    weekdays: [...form.weekdays].sort((a, b) => a - b),
    ends_on: form.ends_on === '' ? null : form.ends_on,
  }
}

/** Lines that were added and left empty are left out. */
export function teamBody(form: Omit<TeamEntry, 'id'>): Omit<TeamEntry, 'id'> {
  const members = form.members
    .map(({ name, phone }) => ({ name: name.trim(), phone: phone.trim() }))
    .filter(({ name, phone }) => name !== '' || phone !== '')
  return { ...form, name: form.name.trim(), members }
}

/** Every village, with its officer where it has one. */
export function byVillage(names: Names, officers: readonly OfficerEntry[]) {
  return names.villages.map((village) => ({
    village,
    officer: officers.find((officer) => officer.village === village.id) ?? null,
  }))
}

/** A post that nobody can be at: it has no shift that goes on. `today`: YYYY-MM-DD. */
export function lacksShifts(post: PostEntry, patterns: readonly Pattern[], today: string): boolean {
  return !patterns.some(
    (pattern) => pattern.post === post.id && (pattern.ends_on === null || pattern.ends_on >= today),
  )
}
