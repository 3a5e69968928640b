import { describe, expect, it } from 'vitest'

import { barOf, ENTRIES, type Entry } from '../src/navigation'
import router from '../src/router?raw'

const everything = () => true
const nothing = () => false
const names = (bar: ReturnType<typeof barOf>) =>
  bar.map((one) => ('entries' in one ? [one.name, ...one.entries.map((e) => e.route)] : one.route))

describe('the bar', () => {
  it('shows nobody a page for which they lack the right', () => {
    expect(names(barOf(nothing)).flat()).toEqual(['board', 'map', 'cameras', 'closed', 'quiet'])
  })

  it('gathers what prepares for alarms in one menu', () => {
    const menu = barOf(everything).find((one) => 'entries' in one)
    expect(menu).toMatchObject({ name: 'prepare' })
  })

  it('opens no menu for a single line', () => {
    const one: Entry = { route: 'quiet', label: 'nav.quiet', needs: null, group: 'prepare' }
    expect(barOf(everything, [one])).toEqual([one])
  })

  it('does not grow when pages are added to a group', () => {
    const more: Entry[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((route) => ({
      route,
      label: 'nav.registry',
      needs: null,
      group: 'registry',
    }))
    expect(barOf(everything, [...ENTRIES, ...more])).toHaveLength(barOf(everything).length)
  })

  it('leads only to pages that exist', () => {
    for (const entry of ENTRIES) expect(router).toContain(`name: '${entry.route}'`)
  })
})
