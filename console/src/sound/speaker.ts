/**
 * The one door to WebAudio. Browsers keep sound locked until the user has touched the page; this
 * says which it is and unlocks it when asked from inside a click or a key press.
 */
import { PATTERNS, render } from './patterns'
import type { Chime, Loop } from './policy'

export type SoundState = 'unlocked' | 'locked'

export class Speaker {
  private context: AudioContext | null = null
  private playing: { loop: Loop; source: AudioBufferSourceNode } | null = null
  private wanted: Loop | null = null

  constructor(private readonly onState: (state: SoundState) => void) {}

  get state(): SoundState {
    return this.context?.state === 'running' ? 'unlocked' : 'locked'
  }

  /** Call from a user's gesture; harmless at any other time. */
  async unlock(): Promise<void> {
    const context = this.open()
    if (context === null) return
    if (context.state !== 'running') await context.resume()
    this.report()
  }

  /** Whether the browser lets us sound without a gesture (some do on a page used often). */
  probe(): void {
    this.open()
    this.report()
  }

  setLoop(loop: Loop | null): void {
    this.wanted = loop
    this.follow()
  }

  once(chime: Chime): void {
    if (this.context === null || this.state === 'locked') return
    this.play(this.context, chime, false)
  }

  private open(): AudioContext | null {
    if (this.context === null && typeof AudioContext !== 'undefined') {
      this.context = new AudioContext()
      // A device pulled out, a phone call: the browser suspends us without being asked.
      this.context.onstatechange = () => this.report()
    }
    return this.context
  }

  private report(): void {
    this.onState(this.state)
    this.follow()
  }

  private follow(): void {
    const context = this.context
    if (this.playing !== null && this.playing.loop !== this.wanted) {
      this.playing.source.stop()
      this.playing = null
    }
    if (context === null || this.wanted === null || this.playing !== null) return
    if (context.state !== 'running') return
    this.playing = { loop: this.wanted, source: this.play(context, this.wanted, true) }
  }

  private play(context: AudioContext, name: Loop | Chime, loop: boolean): AudioBufferSourceNode {
    const samples = render(PATTERNS[name], context.sampleRate)
    const buffer = context.createBuffer(1, samples.length, context.sampleRate)
    buffer.copyToChannel(samples, 0)
    const source = context.createBufferSource()
    source.buffer = buffer
    source.loop = loop
    source.connect(context.destination)
    source.start()
    return source
  }
}
