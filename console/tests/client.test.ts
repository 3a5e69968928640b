import { describe, expect, it } from 'vitest'

import { Client } from '../src/api/client'
import { RateLimited, Refused, ServerAway, SignedOut, Stale } from '../src/api/errors'
import { incident } from './incident'

interface Call {
  url: string
  init: RequestInit
}

function clientThatGets(...answers: (Response | Error)[]): { client: Client; calls: Call[] } {
  const calls: Call[] = []
  const client = new Client(
    (url, init) => {
      calls.push({ url, init })
      const answer = answers[calls.length - 1] ?? new Error('nobody expected this call')
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    () => 0,
  )
  return { client, calls }
}

const problem = (status: number, body: object = {}, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ status, detail: 'why', ...body }), { status, headers })

describe('a file', () => {
  it('goes as it is, with its own media type', async () => {
    const { client, calls } = clientThatGets(new Response('{"ok":true}'))
    const content = new Uint8Array([1, 2, 3]).buffer
    expect(await client.upload('/registry/import', content, 'text/csv')).toEqual({ ok: true })
    expect(calls[0]!.init.body).toBe(content)
    expect(calls[0]!.init.headers).toMatchObject({
      'Content-Type': 'text/csv',
      'X-Requested-With': 'lianfang',
    })
  })
})

describe('a failed request says what to do', () => {
  it.each([
    [problem(401), SignedOut],
    [problem(403), Refused],
    [problem(412), Stale],
    [problem(429), RateLimited],
    [problem(502), ServerAway],
    [new TypeError('network'), ServerAway],
  ])('%o', async (answer, type) => {
    await expect(clientThatGets(answer).client.me()).rejects.toBeInstanceOf(type)
  })

  it('with the seconds to wait', async () => {
    const { client } = clientThatGets(problem(429, {}, { 'Retry-After': '17' }))
    await expect(client.signIn('a', 'b')).rejects.toMatchObject({ retryAfterS: 17 })
  })

  it('with the incident as it is now', async () => {
    const { client } = clientThatGets(problem(412, { incident: incident({ version: 9 }) }))
    await expect(client.step('i1', 'acknowledge', 1, {})).rejects.toMatchObject({
      current: { version: 9 },
    })
  })

  it('with the sentence of the server, or its status when it sent no problem document', async () => {
    await expect(clientThatGets(problem(409)).client.me()).rejects.toMatchObject({ detail: 'why' })
    const bare = new Response('oops', { status: 500, statusText: 'Broken' })
    await expect(clientThatGets(bare).client.me()).rejects.toMatchObject({ detail: 'Broken' })
  })
})

describe('a change', () => {
  it('says which version it saw and that a page of ours sent it', async () => {
    const { client, calls } = clientThatGets(new Response('{}'))
    await client.step('a/b', 'acknowledge', 3, { note: 'x' })
    expect(calls[0]?.url).toBe('/api/v1/incidents/a%2Fb/acknowledge')
    expect(calls[0]?.init.headers).toMatchObject({
      'If-Match': '3',
      'X-Requested-With': 'lianfang',
    })
  })
})

describe('the list of open incidents', () => {
  it('is read to its end, and followed from the position of its first page', async () => {
    const page = (items: object[], next: string | null, position: string) =>
      new Response(JSON.stringify({ items, next }), { headers: { 'X-Stream-Position': position } })
    const { client, calls } = clientThatGets(
      page([incident({ id: 'a' })], 'c1', '40'),
      page([incident({ id: 'b' })], null, '45'),
    )
    const { items, position } = await client.openIncidents()
    expect(items.map((one) => one.id)).toEqual(['a', 'b'])
    expect(position).toBe(40)
    expect(calls[1]?.url).toContain('after=c1')
  })
})

describe('the clock', () => {
  it('follows the server when the two differ by more than rounding', async () => {
    const { client } = clientThatGets(
      new Response('{}', { headers: { Date: new Date(60_000).toUTCString() } }),
      new Response('{}', { headers: { Date: new Date(61_000).toUTCString() } }),
    )
    await client.me()
    await client.me()
    expect(client.clockOffsetMs).toBe(60_000)
  })
})
