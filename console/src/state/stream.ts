/**
 * The keeper of the event stream: opens it, says what came and how the line is, and opens it again
 * from the last event seen. What the events mean is not decided here.
 *
 * Reconnecting is done here rather than left to EventSource, because it cannot tell an expired
 * session (401) from a server that is away, and an expired session must never be a quiet screen.
 */
import type { Camera, Incident, System } from '../api/types'

const DELAYS_MS = [500, 1_000, 2_000, 3_000]
/** An attempt that neither opens nor fails in this time is given up. */
const OPENING_MS = 8_000

export interface StreamHandlers {
  live: () => void
  lost: () => void
  incident: (incident: Incident, seq: number) => void
  camera: (camera: Camera) => void
  /** It was taken out of service. */
  cameraGone: (id: string) => void
  system: (system: System) => void
  /** Events were left out; everything must be read afresh. */
  resync: () => void
}

export type Session = 'valid' | 'gone' | 'unknown'

export class Stream {
  private source: EventSource | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private stopped = true
  /** The last event seen; the next connection asks for what came after it. */
  position: number | null = null

  constructor(
    private readonly url: string,
    private readonly handlers: StreamHandlers,
    private readonly checkSession: () => Promise<Session>,
    private readonly onGone: () => void,
  ) {}

  start(position: number | null): void {
    this.stop()
    this.stopped = false
    this.failures = 0
    this.position = position
    this.open()
  }

  stop(): void {
    this.stopped = true
    this.close()
  }

  /** Something else noticed that the line is dead although the browser has not: open it anew. */
  reopen(): void {
    if (!this.stopped) this.fail()
  }

  private close(): void {
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
  }

  private open(): void {
    this.close()
    const query = this.position === null ? '' : `?last_event_id=${this.position}`
    const source = new EventSource(this.url + query)
    this.source = source
    this.timer = setTimeout(() => this.fail(), OPENING_MS)
    source.onopen = () => {
      clearTimeout(this.timer)
      this.failures = 0
      this.handlers.live()
    }
    source.onerror = () => this.fail()
    source.addEventListener('incident', (event) => {
      const seq = Number(event.lastEventId)
      if (Number.isSafeInteger(seq)) this.position = Math.max(seq, this.position ?? 0)
      this.handlers.incident(JSON.parse(event.data) as Incident, this.position ?? 0)
    })
    source.addEventListener('camera', (event) => {
      this.handlers.camera(JSON.parse(event.data) as Camera)
    })
    source.addEventListener('camera_gone', (event) => {
      this.handlers.cameraGone((JSON.parse(event.data) as { id: string }).id)
    })
    source.addEventListener('system', (event) => {
      this.handlers.system(JSON.parse(event.data) as System)
    })
    source.addEventListener('resync', () => this.handlers.resync())
    // the session was ended or locked, or its rights are others: ask who we are now, at once
    source.addEventListener('ended', () => {
      this.close()
      void this.retry()
    })
  }

  private fail(): void {
    this.close()
    this.handlers.lost()
    const delay = DELAYS_MS[Math.min(this.failures, DELAYS_MS.length - 1)] ?? 3_000
    this.failures += 1
    // Jitter: after a restart of the server not every screen shall knock in the same moment.
    this.timer = setTimeout(() => void this.retry(), delay * (0.75 + Math.random() / 2))
  }

  private async retry(): Promise<void> {
    const session = await this.checkSession()
    if (this.stopped) return
    if (session === 'gone') {
      this.stop()
      this.onGone()
    } else if (session === 'unknown') {
      this.fail()
    } else {
      this.open()
    }
  }
}
