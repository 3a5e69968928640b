/** The details of a change in words. Pure. */

type Word = (group: string, code: string) => string

/** From and to, the fields that changed, the reason: as far as the change says them. */
export function aboutChange(
  data: Readonly<Record<string, unknown>>,
  word: Word,
  half: (sentence: string) => string = (sentence) => sentence,
): string {
  const parts: string[] = []
  const { from, to, into, fields, reason } = data
  if (typeof from === 'string' && typeof to === 'string') parts.push(`${from} → ${to}`)
  else if (typeof from === 'string') parts.push(`${from} →`)
  else if (typeof to === 'string') parts.push(`→ ${to}`)
  if (typeof into === 'string') parts.push(`→ ${into}`)
  if (Array.isArray(fields)) {
    parts.push(fields.map((field) => word('registryField', String(field))).join('、'))
  }
  if (typeof reason === 'string' && reason !== '') parts.push(half(reason))
  return parts.join('；')
}
