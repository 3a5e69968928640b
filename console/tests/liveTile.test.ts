import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'

import type { Said } from '../src/live/frames'
import { LiveSocket, type Tile } from '../src/live/socket'
import { useTile } from '../src/live/tile'

const WANTED = { camera: 'cam-1', purpose: 'x', incident: null }

/** A socket's other end, in this page. */
class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []
  readyState = 0
  binaryType = ''
  sent: Record<string, unknown>[] = []
  onopen = () => {}
  onclose = () => {}
  onmessage: (event: { data: unknown }) => void = () => {}

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }

  close(): void {
    this.readyState = 3
  }

  opens(): void {
    this.readyState = FakeSocket.OPEN
    this.onopen()
  }

  breaks(): void {
    this.readyState = 3
    this.onclose()
  }

  says(said: Said): void {
    this.onmessage({ data: JSON.stringify(said) })
  }
}

function newest(): FakeSocket {
  const socket = FakeSocket.all.at(-1)
  if (socket === undefined) throw new Error('no socket was opened')
  return socket
}

function tileOf(over: Partial<Tile> = {}): Tile {
  return { wanted: WANTED, goesOn: () => true, hears: () => {}, takes: () => {}, lost: () => {}, ...over }
}

beforeEach(() => {
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("a page's socket", () => {
  it('carries all tiles and is closed with the last', () => {
    const live = new LiveSocket('ws://x', true)
    const views = [live.open(tileOf()), live.open(tileOf())]
    expect(FakeSocket.all).toHaveLength(1)
    newest().opens()
    expect(newest().sent).toEqual(
      views.map((view) => ({ type: 'open', view, film: true, ...WANTED })),
    )
    views.forEach((view) => live.close(view))
    expect(newest().readyState).toBe(3)
    vi.advanceTimersByTime(20_000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('gives the number of a closed tile to the next', () => {
    const live = new LiveSocket('ws://x', true)
    const [first, second] = [live.open(tileOf()), live.open(tileOf())]
    live.close(first)
    expect([first, second, live.open(tileOf())]).toEqual([0, 1, 0])
  })

  it('is opened again when it breaks, for those that go on', () => {
    const live = new LiveSocket('ws://x', false)
    const lost = vi.fn()
    live.open(tileOf({ lost }))
    live.open(tileOf({ goesOn: () => false }))
    newest().opens()
    newest().breaks()
    expect(lost).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(1_000)
    expect(FakeSocket.all).toHaveLength(2)
    newest().opens()
    expect(newest().sent).toEqual([{ type: 'open', view: 0, film: false, ...WANTED }])
  })
})

describe('a tile', () => {
  function shown() {
    const live = new LiveSocket('ws://x', true)
    const tile = useTile(live, WANTED, { video: ref(undefined), canvas: ref(undefined) })
    tile.start()
    newest().opens()
    return tile
  }

  it("counts down by the server's clock and asks for more time", () => {
    const tile = shown()
    const serverMs = 5_000_000
    newest().says({ type: 'begun', view: 0, look: 'l', lasts_s: 300, until_ms: serverMs + 300_000 })
    vi.advanceTimersByTime(100_000)
    expect(tile.leftMs.value).toBe(200_000)
    tile.goOn()
    expect(newest().sent.at(-1)).toEqual({ type: 'continue', view: 0 })
    tile.dispose()
  })

  it('asks for pictures where the film cannot be played', () => {
    const tile = shown()
    newest().says({
      type: 'format', view: 0, via: 'fmp4', codec: 'avc1.640028', width: 1, height: 1, masked: true,
    })
    expect(newest().sent.at(-1)).toEqual({ type: 'pictures', view: 0 })
    expect(tile.masked.value).toBe(true)
    tile.dispose()
  })

  it('says when its time is up, and is not asked for again by itself', () => {
    const tile = shown()
    newest().says({ type: 'over', view: 0, why: 'time', said: '', refused: false })
    expect(tile.phase.value).toBe('ended')
    const before = FakeSocket.all.length
    vi.advanceTimersByTime(20_000)
    expect(FakeSocket.all).toHaveLength(before)
    tile.start()
    newest().opens()
    expect(tile.phase.value).toBe('starting')
    expect(newest().sent.at(-1)).toMatchObject({ type: 'open', view: 0 })
    tile.dispose()
  })

  it('answers a part it has no player for, so that the worker does not wait', () => {
    const tile = shown()
    const head = [1, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    newest().onmessage({ data: new Uint8Array(head).buffer })
    expect(newest().sent.at(-1)).toEqual({ type: 'taken', view: 0, number: 7 })
    tile.dispose()
  })
})
