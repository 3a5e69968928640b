/**
 * One WebSocket for all live tiles of a page: opens it with the first, closes it with the last, and
 * opens it again when it broke. What the messages mean to a tile is the tile's matter.
 */
import { type Part, partOf, type Said, type Wanted } from './frames'

const DELAYS_MS = [500, 1_000, 2_000, 4_000]

export interface Tile {
  wanted: Wanted
  /** Whether it may be asked for again by itself. */
  goesOn: () => boolean
  hears: (said: Said) => void
  /** Answered with `taken` once it has been shown. */
  takes: (part: Part) => void
  lost: () => void
}

export class LiveSocket {
  private socket: WebSocket | null = null
  private tiles = new Map<number, Tile>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0

  constructor(
    private readonly url: string,
    private readonly canFilm: boolean,
  ) {}

  /** Show this; the number to speak of it by. */
  open(tile: Tile): number {
    let view = 0
    while (this.tiles.has(view)) view += 1
    this.tiles.set(view, tile)
    if (this.socket === null) this.connect()
    else this.ask(view, tile)
    return view
  }

  close(view: number): void {
    if (!this.tiles.delete(view)) return
    this.say({ type: 'close', view })
    if (this.tiles.size === 0) this.hangUp()
  }

  taken(view: number, number: number): void {
    this.say({ type: 'taken', view, number })
  }

  /** The browser cannot play this film. */
  wantPictures(view: number): void {
    this.say({ type: 'pictures', view })
  }

  goOn(view: number): void {
    this.say({ type: 'continue', view })
  }

  private connect(): void {
    clearTimeout(this.timer)
    const socket = new WebSocket(this.url)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    socket.onopen = () => {
      this.failures = 0
      for (const [view, tile] of this.tiles) if (tile.goesOn()) this.ask(view, tile)
    }
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.hear(event.data)
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.socket = null
      this.fail()
    }
  }

  private hear(data: string | ArrayBuffer): void {
    if (typeof data === 'string') {
      const said = JSON.parse(data) as Said
      this.tiles.get(said.view)?.hears(said)
      return
    }
    const part = partOf(data)
    if (part !== null) this.tiles.get(part.view)?.takes(part)
  }

  private ask(view: number, tile: Tile): void {
    this.say({ type: 'open', view, film: this.canFilm, ...tile.wanted })
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private fail(): void {
    for (const tile of this.tiles.values()) tile.lost()
    if (![...this.tiles.values()].some((tile) => tile.goesOn())) return
    const delay = DELAYS_MS[Math.min(this.failures, DELAYS_MS.length - 1)] ?? 4_000
    this.failures += 1
    this.timer = setTimeout(() => this.connect(), delay * (0.75 + Math.random() / 2))
  }

  private hangUp(): void {
    clearTimeout(this.timer)
    const socket = this.socket
    this.socket = null
    socket?.close()
  }
}
