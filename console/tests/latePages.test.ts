import { describe, expect, it } from 'vitest'

import { watchLatePages } from '../src/latePages'

type Handler = (...given: unknown[]) => unknown

/** A router whose navigations a test ends as it likes. */
function aRouter() {
  const told: { error?: Handler; after?: Handler } = {}
  return {
    told,
    onError: (handler: Handler) => ((told.error = handler), () => {}),
    afterEach: (handler: Handler) => ((told.after = handler), () => {}),
  }
}

const PAGE = { fullPath: '/duty?day=2', matched: [{}] }
const NOWHERE = { fullPath: '/', matched: [] }

function watched(isThere: boolean) {
  const router = aRouter()
  const reopened: string[] = []
  const late = watchLatePages(
    router as never,
    () => Promise.resolve(isThere),
    (address) => reopened.push(address),
  )
  const fail = async (from: object) => router.told.error?.(new Error('gone'), PAGE, from)
  return { late, reopened, fail, arrive: () => router.told.after?.(PAGE, PAGE, undefined) }
}

describe('a page that cannot be fetched', () => {
  it('has the console fetched anew where the service answers: it was upgraded', async () => {
    const { reopened, fail } = watched(true)
    await fail(PAGE)
    expect(reopened).toEqual(['/duty?day=2'])
  })

  it('leaves the page where it is while the service is away, and says so', async () => {
    const { late, reopened, fail, arrive } = watched(false)
    await fail(PAGE)
    expect(late.failed.value).toBe(true)
    expect(reopened).toEqual([])
    arrive()
    expect(late.failed.value).toBe(false)
  })

  it('is not asked for again and again when it is the first one', async () => {
    const { late, reopened, fail } = watched(true)
    await fail(NOWHERE)
    expect(reopened).toEqual([])
    expect(late.failed.value).toBe(true)
  })
})
