/**
 * One live tile: what it hears, what it shows and since when. Drawing the page around it is the
 * component's matter; which camera may be looked at is the server's.
 */
import { computed, type Ref, ref, shallowRef } from 'vue'

import { canPlay, FilmPlayer } from './film'
import type { Part, Said, Wanted } from './frames'
import { FilmClock, type Phase, phaseOf } from './freshness'
import { Slowness } from './slowness'
import type { LiveSocket, Tile } from './socket'

const TICK_MS = 250

export interface Surfaces {
  video: Ref<HTMLVideoElement | undefined>
  canvas: Ref<HTMLCanvasElement | undefined>
}

export function useTile(socket: LiveSocket, wanted: Wanted, surfaces: Surfaces) {
  const via = ref<'fmp4' | 'jpeg' | null>(null)
  const masked = ref(false)
  const over = shallowRef<{ why: string; said: string; refused: boolean } | null>(null)
  const waits = ref('')
  const untilMs = ref<number | null>(null)
  const shownAtMs = ref<number | null>(null)
  const changedMs = ref<number | null>(null)
  const now = ref(Date.now())
  /** Server's clock minus ours, as of the last word about time. */
  let offsetMs = 0
  let view: number | null = null
  let player: FilmPlayer | null = null
  let clock = new FilmClock()
  let lastMedia = -1
  let drawing = false
  let newest: Part | null = null
  let slowness = new Slowness()

  const phase = computed<Phase>(() =>
    phaseOf(
      { over: over.value, shownAtMs: shownAtMs.value, changedMs: changedMs.value },
      now.value + offsetMs,
      now.value,
    ),
  )
  /** Of the picture shown. */
  const ageMs = computed(() =>
    shownAtMs.value === null ? null : Math.max(0, now.value + offsetMs - shownAtMs.value),
  )
  const leftMs = computed(() =>
    untilMs.value === null ? null : Math.max(0, untilMs.value - now.value - offsetMs),
  )

  const tile: Tile = { wanted, goesOn: () => over.value === null, hears, takes, lost }

  function start(): void {
    over.value = null
    shownAtMs.value = null
    changedMs.value = null
    untilMs.value = null
    waits.value = ''
    if (view === null) view = socket.open(tile)
  }

  function stop(): void {
    const was = view
    view = null
    dropPlayer()
    if (was !== null) socket.close(was)
  }

  function goOn(): void {
    if (view !== null) socket.goOn(view)
  }

  function hears(said: Said): void {
    switch (said.type) {
      case 'begun':
        offsetMs = said.until_ms - said.lasts_s * 1000 - Date.now()
        untilMs.value = said.until_ms
        break
      case 'format':
        begin(said.via, said.codec)
        masked.value = said.masked
        break
      case 'waits':
        waits.value = said.said
        break
      case 'over':
        over.value = said
        stop()
        break
    }
  }

  function begin(how: 'fmp4' | 'jpeg', codec: string): void {
    dropPlayer()
    via.value = how
    if (how === 'jpeg') return
    const video = surfaces.video.value
    if (video === undefined || !canPlay(codec)) {
      if (view !== null) socket.wantPictures(view)
      return
    }
    player = new FilmPlayer(video, codec, taken, () => {
      player = null
      if (view !== null) socket.wantPictures(view)
    })
  }

  function takes(part: Part): void {
    waits.value = ''
    if (part.kind === 'picture') {
      newest = part
      void draw()
      return
    }
    // single pictures, rather than a film that halts again and again
    if (part.leftOut && slowness.note(Date.now()) && view !== null) {
      slowness = new Slowness()
      socket.wantPictures(view)
    }
    if (part.kind === 'fragment') clock.note(part.mediaMs, part.atMs)
    if (player === null) taken(part)
    else player.add(part)
  }

  function taken(part: Part): void {
    if (view !== null) socket.taken(view, part.number)
  }

  /** The newest; those that came while one was drawn are passed over. */
  async function draw(): Promise<void> {
    if (drawing || newest === null) return
    const part = newest
    newest = null
    drawing = true
    try {
      const bitmap = await createImageBitmap(new Blob([part.data], { type: 'image/jpeg' }))
      const canvas = surfaces.canvas.value
      if (canvas !== undefined && via.value === 'jpeg') {
        canvas.width = bitmap.width
        canvas.height = bitmap.height
        canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
        shownAtMs.value = part.atMs
        changedMs.value = Date.now()
      }
      bitmap.close()
    } catch {
      // a damaged one; the next may be whole
    } finally {
      drawing = false
      taken(part)
    }
    void draw()
  }

  function lost(): void {
    dropPlayer()
    untilMs.value = null
  }

  function dropPlayer(): void {
    player?.close()
    player = null
    clock = new FilmClock()
    lastMedia = -1
    newest = null
  }

  function tick(): void {
    now.value = Date.now()
    const video = surfaces.video.value
    if (player === null || video === undefined || video.currentTime === lastMedia) return
    lastMedia = video.currentTime
    const at = clock.at(lastMedia * 1000)
    if (at === null || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return
    shownAtMs.value = at
    changedMs.value = now.value
  }

  const timer = setInterval(tick, TICK_MS)

  function dispose(): void {
    clearInterval(timer)
    stop()
  }

  return { via, masked, over, waits, phase, ageMs, leftMs, shownAtMs, start, stop, goOn, dispose }
}
