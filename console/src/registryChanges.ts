/** The details of a change in words. Pure. */

type Word = (group: string, code: string) => string

/** From and to, the fields that changed, the reason: as far as the change says them. */
export function aboutChange(
  data: Readonly<Record<string, unknown>>,
  word: Word,
  half: (sentence: string) => string = (sentence) => sentence,
  names: Readonly<Record<string, string>> = {},
): string {
  const parts: string[] = []
  const { fields, reason } = data
  /** By its name where it has one; '' where the change says nothing of the sort. */
  const said = (field: string) => names[field] ?? (typeof data[field] === 'string' ? data[field] : '')
  const from = said('from') || said('split_from')
  const to = said('to') || said('into') || said('group')
  if (from !== '' && to !== '') parts.push(`${from} → ${to}`)
  else if (from !== '') parts.push(`${from} →`)
  else if (to !== '') parts.push(`→ ${to}`)
  if (Array.isArray(fields)) {
    parts.push(fields.map((field) => word('registryField', String(field))).join('、'))
  }
  if (typeof reason === 'string' && reason !== '') parts.push(half(reason))
  return parts.join('；')
}
