/** Choosing and speaking the language. The sentences are in `zh.ts` and `en.ts`. */
import { ref, type InjectionKey, type Ref, inject } from 'vue'

import { RateLimited, Refused, ServerAway, SignedOut, Stale } from '../api/errors'
import { en } from './en'
import { type Key, zh } from './zh'

export type { Key }
export type Language = 'zh' | 'en'
export type Params = Record<string, string | number>

const SENTENCES: Record<Language, Record<Key, string>> = { zh, en }
const STORED_AS = 'lianfang.language'

export interface I18n {
  language: Ref<Language>
  t: (key: Key, params?: Params) => string
  /** The word for a code of the server's, or the code itself when we have no word for it. */
  word: (group: string, code: string) => string
  /** Our language's half of a sentence of the server's (Chinese, ` / `, English). */
  half: (sentence: string) => string
  /** One sentence for a person about what went wrong. */
  problem: (error: unknown) => string
  switchTo: (language: Language) => void
}

export function fill(sentence: string, params: Params): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}

/** A text without both halves is returned whole. */
export function halfOf(sentence: string, language: Language): string {
  const at = sentence.indexOf(' / ')
  if (at < 0 || !/[\u4e00-\u9fff]/.test(sentence.slice(0, at))) return sentence
  return language === 'zh' ? sentence.slice(0, at) : sentence.slice(at + 3)
}

export function createI18n(storage: Storage, page: Document): I18n {
  const language = ref<Language>(storage.getItem(STORED_AS) === 'en' ? 'en' : 'zh')
  const show = () => {
    page.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  }
  show()

  const t = (key: Key, params: Params = {}) => fill(SENTENCES[language.value][key], params)
  const word = (group: string, code: string) =>
    (SENTENCES[language.value] as Record<string, string>)[`${group}.${code}`] ?? code
  const half = (sentence: string) => halfOf(sentence, language.value)
  const problem = (error: unknown): string => {
    if (error instanceof Stale) return t('error.stale')
    if (error instanceof ServerAway) return t('error.away')
    if (error instanceof SignedOut) return t('error.signedOut')
    if (error instanceof RateLimited) {
      return t('signin.rateLimited', { seconds: error.retryAfterS })
    }
    if (error instanceof Refused) {
      const detail = half(error.detail)
      if (error.status === 403) return t('error.forbidden', { detail })
      if (error.status === 409) return t('error.notAllowedNow', { detail })
      return t('error.other', { detail })
    }
    return t('error.other', { detail: String(error) })
  }
  const switchTo = (next: Language) => {
    language.value = next
    storage.setItem(STORED_AS, next)
    show()
  }
  return { language, t, word, half, problem, switchTo }
}

export const I18N: InjectionKey<I18n> = Symbol('i18n')

export function useI18n(): I18n {
  const i18n = inject(I18N)
  if (i18n === undefined) throw new Error('the app provides no i18n')
  return i18n
}
