/** An entry of the audit in words. Pure: what knows the words is an argument. */

export interface About {
  /** account, incident, camera… */
  sort: string
  name: string
  /** The page of it, where there is one. */
  to: string | null
}

const PAGES: Readonly<Record<string, (id: string) => string>> = {
  incident: (id) => `/incidents/${id}`,
  household: (id) => `/registry/households/${id}`,
  device: (id) => `/devices/${id}`,
}

/** `incident:…` as what it is, its id, and its page. */
export function aboutEntry(about: string): About {
  const at = about.indexOf(':')
  if (at < 0) return { sort: '', name: about, to: null }
  const sort = about.slice(0, at)
  const name = about.slice(at + 1)
  return { sort, name, to: PAGES[sort]?.(encodeURIComponent(name)) ?? null }
}

/** The rest that was written down: the reason first, then each fact with its name. */
export function detailOf(
  detail: Readonly<Record<string, unknown>>,
  word: (group: string, code: string) => string,
): string {
  const { what, reason, purpose, ...others } = detail
  const first = [what === undefined ? null : word('audit.what', told(what)), reason, purpose]
  const rest = Object.entries(others).map(([key, value]) => {
    const name = word('audit.fact', key)
    return `${name} ${told(value)}`
  })
  return [...first, ...rest]
    .filter((one) => one !== undefined && one !== null && one !== '')
    .map(String)
    .join('；')
}

function told(value: unknown): string {
  if (Array.isArray(value)) return value.map(told).join('、')
  if (value === null) return '–'
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}
