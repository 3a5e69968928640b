/** Plays a film that never ends: Media Source Extensions, always near its newest picture. */
import type { Part } from './frames'

/** Further behind, it jumps. */
const FAR_BEHIND_S = 1.2
/** A little behind, it plays a little faster. */
const BEHIND_S = 0.3
const FROM_EDGE_S = 0.15
const KEEP_S = 8

export function mimeOf(codec: string): string {
  return `video/mp4; codecs="${codec}"`
}

export function canPlay(codec: string): boolean {
  return typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported(mimeOf(codec))
}

export class FilmPlayer {
  private readonly source = new MediaSource()
  private readonly address: string
  private buffer: SourceBuffer | null = null
  private waiting: Part[] = []
  private adding: Part | null = null
  private isOver = false

  /** `failed`: it cannot be played any further; a new player may. */
  constructor(
    private readonly video: HTMLVideoElement,
    codec: string,
    private readonly taken: (part: Part) => void,
    private readonly failed: () => void,
  ) {
    this.source.onsourceopen = () => {
      URL.revokeObjectURL(this.address)
      try {
        this.buffer = this.source.addSourceBuffer(mimeOf(codec))
        this.source.duration = Number.POSITIVE_INFINITY
      } catch {
        this.fail()
        return
      }
      this.buffer.onupdateend = () => this.added()
      this.buffer.onerror = () => this.fail()
      this.next()
    }
    this.address = URL.createObjectURL(this.source)
    video.src = this.address
    video.onerror = () => this.fail()
  }

  add(part: Part): void {
    this.waiting.push(part)
    this.next()
  }

  close(): void {
    this.isOver = true
    this.waiting = []
    this.video.onerror = null
    this.video.removeAttribute('src')
    this.video.load()
  }

  private next(): void {
    if (this.isOver || this.buffer === null || this.buffer.updating) return
    const part = this.waiting.shift()
    if (part === undefined) return
    this.adding = part
    try {
      this.buffer.appendBuffer(part.data)
    } catch {
      this.fail()
    }
  }

  private added(): void {
    if (this.isOver) return
    const part = this.adding
    this.adding = null
    if (part !== null) this.taken(part)
    this.chase()
    if (!this.forget()) this.next()
  }

  /** Stay near the newest picture. */
  private chase(): void {
    const { video, buffer } = this
    if (buffer === null || buffer.buffered.length === 0) return
    const last = buffer.buffered.length - 1
    const [start, end] = [buffer.buffered.start(last), buffer.buffered.end(last)]
    const behind = end - video.currentTime
    if (video.currentTime < start || behind > FAR_BEHIND_S) {
      video.currentTime = Math.max(start, end - FROM_EDGE_S)
    }
    video.playbackRate = behind > BEHIND_S ? 1.1 : 1
    // somebody's browser may hold it until a gesture; what stands still is shown as such
    if (video.paused) void video.play().catch(() => {})
  }

  /** Whether the buffer is busy letting go of what was seen. */
  private forget(): boolean {
    const { video, buffer } = this
    if (buffer === null || buffer.buffered.length === 0) return false
    if (video.currentTime - buffer.buffered.start(0) < 2 * KEEP_S) return false
    buffer.remove(0, video.currentTime - KEEP_S)
    return true
  }

  private fail(): void {
    if (this.isOver) return
    this.close()
    this.failed()
  }
}
