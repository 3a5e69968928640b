/** The address of the registry's list says what is shown, so that going back leads back. Pure. */
import type { Wanted } from './api/registry'

const NARROWED_BY = ['village', 'grid', 'group', 'estate', 'search'] as const

export function wantedIn(query: Record<string, unknown>): Wanted {
  const said = (name: string) => {
    const value = query[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    village: said('village'),
    grid: said('grid'),
    group: said('group'),
    estate: said('estate'),
    search: said('search'),
    gone: said('gone') === '1',
  }
}

export function queryOf(wanted: Wanted): Record<string, string> {
  const query: Record<string, string> = {}
  for (const name of NARROWED_BY) {
    if (wanted[name] !== '') query[name] = wanted[name]
  }
  if (wanted.gone) query['gone'] = '1'
  return query
}
