import { describe, expect, it } from 'vitest'

import { fill, halfOf } from '../src/i18n'
import { en } from '../src/i18n/en'
import { zh } from '../src/i18n/zh'

const placeholders = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

describe('the two languages', () => {
  it('have the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
  })

  it('name the same values in every sentence', () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      expect(placeholders(en[key]), key).toEqual(placeholders(zh[key]))
    }
  })

  it('leave nothing empty', () => {
    for (const sentence of [...Object.values(zh), ...Object.values(en)]) {
      expect(sentence.trim()).not.toBe('')
    }
  })

  it('have English without Chinese, but for the name of the other language', () => {
    const chinese = Object.entries(en).filter(([, sentence]) => /[\u4e00-\u9fff]/.test(sentence))
    expect(chinese.map(([key]) => key)).toEqual(['app.otherLanguage'])
  })
})

describe('a sentence', () => {
  it('takes its values and keeps the places nobody filled', () => {
    expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}')
  })
})

describe('a sentence of the server', () => {
  it('is shown in the half of the chosen language', () => {
    expect(halfOf('请先签收 / sign for it first', 'zh')).toBe('请先签收')
    expect(halfOf('请先签收 / sign for it first', 'en')).toBe('sign for it first')
  })

  it('in one language only is shown whole', () => {
    expect(halfOf('input / output error', 'en')).toBe('input / output error')
    expect(halfOf('没有画面', 'en')).toBe('没有画面')
  })
})
