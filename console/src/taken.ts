/** How long something took, in words; a dash where nobody knows. */
import { ageOf } from './format'
import { useI18n } from './i18n'

export function useTaken() {
  const { t } = useI18n()
  return (seconds: number | null): string => {
    if (seconds === null) return '—'
    const { key, params } = ageOf(seconds * 1000)
    return t(key, params)
  }
}
