/**
 * What one open console knows and keeps going: who is signed in, the incidents, the state of the
 * line, presence, and the sound that follows from them. Views read it and call its methods.
 */
import { computed, type InjectionKey, inject, reactive, shallowRef, watch } from 'vue'

import type { Client } from '../api/client'
import { Refused, ServerAway, SignedOut, Stale } from '../api/errors'
import { type Drill, drills } from '../api/quiet'
import type { Camera, Incident, IncidentDetail, Me, StepBody, System } from '../api/types'
import { decideSound, type Heard } from '../sound/policy'
import { Speaker, type SoundState } from '../sound/speaker'
import { asks, type Book, bringsNews, merge, needsSigning, openByUrgency, replaceOpen } from './incidents'
import { type Session, Stream } from './stream'
import { type Mine, takenUp } from '../focus'
import { forgetful, hiddenBook, locksAt, WARNED_MS } from '../locking'
import { awaitedStep } from '../steps'

const PRESENCE_MS = 10_000
/** The stream is trusted, and checked: an open list read this often must hold no news. */
const CHECK_MS = 30_000
/** A line lost for longer than this is told loudly. */
const LOUD_AFTER_MS = 5_000
const SITE_STORED_AS = 'lianfang.site'

export type Phase = 'starting' | 'signed-out' | 'on-duty' | 'ended'

export interface Site {
  name_zh: string
  name_en: string
  /** 县 and 乡镇; empty or missing where the settings do not say. */
  county?: string
  township?: string
  time_zone: string
}

export type Console = ReturnType<typeof createConsole>

export function createConsole(client: Client, storage: Storage, page: Document) {
  const state = reactive({
    phase: 'starting' as Phase,
    me: null as Me | null,
    /** Known before signing in too: the sign-in page bears the site's name. */
    site: storedSite(storage),
    system: null as System | null,
    cameras: [] as Camera[],
    camerasRefused: false,
    /** Drills that are planned or running; a running one is told on every page. */
    drills: [] as Drill[],
    line: 'connecting' as 'connecting' | 'live' | 'lost',
    lostAt: null as number | null,
    sound: 'locked' as SoundState,
    /** The screen is locked: alarms go on, what they are about is hidden. */
    locked: false,
    /** When somebody last touched this page. */
    touchedAt: Date.now(),
    now: Date.now(),
  })
  const book = shallowRef<Book>(new Map())
  /** What this person has worked on or opened last; the board stays with it. */
  const mine = shallowRef<Mine | null>(null)
  const open = computed(() => openByUrgency(book.value))
  const unsigned = computed(() => open.value.filter(needsSigning))
  /** Those that another has signed for and this person must still confirm. */
  const toConfirm = computed(() =>
    open.value.filter((incident) => asks(incident, state.me?.username ?? null)),
  )
  const serverNow = computed(() => state.now + client.clockOffsetMs)
  /** Seconds until the page locks itself, from shortly before on; null: not soon. */
  const lockingIn_s = computed(() => {
    if (state.phase !== 'on-duty' || state.locked) return null
    const at = locksAt(state.touchedAt, state.me?.lock_after_s ?? 0, open.value)
    if (at === null || at - state.now > WARNED_MS) return null
    return Math.max(0, Math.ceil((at - state.now) / 1000))
  })
  const lostLoudly = computed(
    () =>
      (state.phase === 'on-duty' || state.phase === 'starting') &&
      state.lostAt !== null &&
      state.now - state.lostAt >= LOUD_AFTER_MS,
  )
  const timers: ReturnType<typeof setInterval>[] = []

  // --- sound follows from what is known -------------------------------------------------------
  let heard: Heard = new Map()
  const speaker = new Speaker((sound) => {
    if (state.sound === sound) return
    state.sound = sound
    void tellPresence()
  })
  watch(
    () => [book.value, state.phase, lostLoudly.value] as const,
    () => {
      const onDuty = state.phase === 'on-duty' || state.phase === 'ended'
      const listener = {
        maySign: may('acknowledge'),
        username: state.me?.username ?? null,
        sessionEnded: state.phase === 'ended',
        connectionLost: lostLoudly.value,
      }
      const sounding = decideSound(onDuty ? open.value : [], listener, heard)
      heard = sounding.heard
      speaker.setLoop(sounding.loop)
      if (sounding.once !== null) speaker.once(sounding.once)
    },
  )

  // --- the line -------------------------------------------------------------------------------
  function lineLost(): void {
    state.line = 'lost'
    state.lostAt ??= Date.now()
  }

  function lineLive(): void {
    state.line = 'live'
    state.lostAt = null
  }

  async function checkSession(): Promise<Session> {
    try {
      takeMe(await client.me())
      return 'valid'
    } catch (error) {
      return error instanceof SignedOut ? 'gone' : 'unknown'
    }
  }

  /** The rights may be others now, and another page of this browser may have locked or unlocked. */
  function takeMe(me: Me): void {
    if (state.phase !== 'on-duty') return
    state.me = me
    if (lockUntold) return void tellLocked().catch(noticed)
    if (me.locked !== state.locked) void (me.locked ? lockedElsewhere() : unlocked())
  }

  function sessionGone(): void {
    if (state.phase !== 'on-duty') return
    stopDuty()
    state.phase = 'ended'
  }

  const stream = new Stream(
    '/api/v1/stream',
    {
      live: lineLive,
      lost: lineLost,
      incident: (incident, seq) => {
        book.value = merge(book.value, incident, seq)
        // a drill began somewhere else: its banner comes with its first press
        if (incident.drill && !state.drills.some((drill) => drill.id === incident.drill_id)) {
          readDrills().catch(noticed)
        }
      },
      camera: (camera) => {
        const others = state.cameras.filter((other) => other.id !== camera.id)
        state.cameras = sortCameras([...others, camera])
      },
      cameraGone: (id) => {
        state.cameras = state.cameras.filter((camera) => camera.id !== id)
      },
      system: (system) => {
        state.system = system
      },
      resync: () => void startStream(),
    },
    checkSession,
    sessionGone,
  )

  async function readAll(): Promise<number | null> {
    const { items, position } = await client.openIncidents()
    const system = await client.system()
    state.system = system
    const at = position ?? system.sse_position
    // A position behind what we have seen: another store stands there now (restored, renewed).
    const known = at < (stream.position ?? 0) ? new Map() : book.value
    book.value = replaceOpen(known, items, at)
    try {
      state.cameras = sortCameras(await client.cameras())
      state.camerasRefused = false
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      state.camerasRefused = true
    }
    await readDrills()
    return at
  }

  async function readDrills(): Promise<void> {
    try {
      state.drills = (await drills(client)).filter((drill) => drill.state !== 'ended')
    } catch (error) {
      // whoever may not know of drills works on without
      if (!(error instanceof Refused)) throw error
    }
  }

  /** Reads everything, then follows the stream from there; tries again while the server is away. */
  async function startStream(): Promise<void> {
    stream.stop()
    try {
      stream.start(await readAll())
      mine.value ??= takenUp(open.value, state.me?.username ?? '')
    } catch (error) {
      if (error instanceof SignedOut) return sessionGone()
      lineLost()
      setTimeout(() => {
        if (state.phase === 'on-duty') void startStream()
      }, 2_000)
      if (!(error instanceof ServerAway || error instanceof Refused)) throw error
    }
  }

  /** A silent line may be a dead one: whatever a fresh list knows, the stream should have told. */
  async function checkStream(): Promise<void> {
    if (state.line !== 'live') return
    const seen = stream.position ?? 0
    try {
      const { items, position } = await client.openIncidents()
      if (position !== null && position < seen) return await startStream()
      const missed = bringsNews(book.value, items)
      if (position !== null && (stream.position ?? 0) <= position) {
        book.value = replaceOpen(book.value, items, position)
      }
      if (missed) stream.reopen()
      await readDrills()
    } catch (error) {
      noticed(error)
    }
  }

  async function tellPresence(): Promise<void> {
    if (state.phase !== 'on-duty') return
    try {
      // locked while the server was away: it is to know
      if (lockUntold) await tellLocked()
      // Whoever does not sit in the chair still needs the pulse that finds a dead line.
      if (holds('presence')) await client.presence(state.sound, page.visibilityState === 'visible')
      else await client.me()
    } catch (error) {
      noticed(error)
    }
  }

  /** What a failed request in the background says about the session and the line. */
  function noticed(error: unknown): void {
    if (error instanceof SignedOut) sessionGone()
    else if (error instanceof ServerAway) stream.reopen()
    else if (isLocked(error)) hide()
    else if (!(error instanceof Refused)) throw error
  }

  // --- the lock -------------------------------------------------------------------------------
  /** Locked on this screen, and the server does not know of it yet. */
  let lockUntold = false

  /** What was told before is forgotten; what rings goes on ringing. */
  function hide(): void {
    state.locked = true
    book.value = hiddenBook(book.value, state.me?.username ?? null)
    mine.value = null
    state.cameras = []
  }

  async function lockedElsewhere(): Promise<void> {
    hide()
    await startStream()
  }

  /** At once on this screen; the server is told, and told again while it is away. */
  async function lock(): Promise<void> {
    if (state.phase !== 'on-duty') return
    hide()
    lockUntold = true
    try {
      await tellLocked()
    } catch (error) {
      return noticed(error)
    }
    await startStream()
  }

  async function tellLocked(): Promise<void> {
    await client.lock()
    lockUntold = false
    if (state.me !== null) state.me = { ...state.me, locked: true }
  }

  /** @throws Refused when the password or the code is wrong, RateLimited, ServerAway */
  async function unlock(proof: { password: string } | { otp: string }): Promise<void> {
    const unlocking = speaker.unlock()
    try {
      await client.unlock(proof)
    } catch (error) {
      if (error instanceof SignedOut) sessionGone()
      throw error
    }
    await unlocked()
    await unlocking
  }

  async function unlocked(): Promise<void> {
    lockUntold = false
    if (state.me !== null) state.me = { ...state.me, locked: false }
    book.value = forgetful(book.value)
    state.touchedAt = Date.now()
    state.locked = false
    void tellPresence()
    await startStream()
  }

  function lockWhenLeft(): void {
    if (lockingIn_s.value === 0) void lock()
  }

  // --- on and off duty ------------------------------------------------------------------------
  function startDuty(me: Me): void {
    state.me = me
    state.site = me.site
    storage.setItem(SITE_STORED_AS, JSON.stringify(me.site))
    state.phase = 'on-duty'
    state.locked = me.locked
    state.touchedAt = Date.now()
    state.line = 'connecting'
    state.lostAt = null
    void startStream()
    void tellPresence()
    timers.push(
      setInterval(() => void tellPresence(), PRESENCE_MS),
      setInterval(() => void checkStream(), CHECK_MS),
    )
  }

  function stopDuty(): void {
    stream.stop()
    for (const timer of timers.splice(0)) clearInterval(timer)
  }

  /** Looks whether this browser still has a session; while the server is away, keeps asking. */
  async function begin(): Promise<void> {
    setInterval(() => {
      state.now = Date.now()
      lockWhenLeft()
    }, 1_000)
    for (const touch of ['pointermove', 'pointerdown', 'keydown', 'wheel']) {
      page.addEventListener(touch, () => (state.touchedAt = Date.now()), { passive: true })
    }
    page.addEventListener('visibilitychange', () => void tellPresence())
    // Not when the finger goes down: the bar about the sound would leave, and the page would move
    // away under the finger, which then presses nothing.
    for (const gesture of ['click', 'keydown']) {
      page.addEventListener(gesture, () => {
        const mustBeHeard = state.phase === 'on-duty' || state.phase === 'ended'
        if (mustBeHeard && state.sound === 'locked') void speaker.unlock()
      })
    }
    speaker.probe()
    for (;;) {
      try {
        return startDuty(await client.me())
      } catch (error) {
        if (!(error instanceof ServerAway || (error instanceof Refused && error.status >= 500))) {
          state.phase = 'signed-out'
          if (error instanceof SignedOut) return
          throw error
        }
        lineLost()
        await new Promise((wake) => setTimeout(wake, 2_000))
      }
    }
  }

  /** @throws CodeAsked where the account has a second factor and `otp` is not its code */
  async function signIn(username: string, password: string, otp: string | null = null): Promise<void> {
    // First thing, still inside the click: only a gesture may unlock the sound.
    const unlocking = speaker.unlock()
    await client.signIn(username, password, otp)
    startDuty(await client.me())
    await unlocking
  }

  async function signOut(): Promise<void> {
    stopDuty()
    try {
      await client.signOut()
    } finally {
      toSignIn()
    }
  }

  /** After the loud notice, back to the sign-in page. */
  function toSignIn(): void {
    state.phase = 'signed-out'
    state.me = null
    state.locked = false
    lockUntold = false
    mine.value = null
    book.value = new Map()
  }

  // --- what people do -------------------------------------------------------------------------
  /** @throws Stale after the book has taken over the newer incident. */
  async function step(
    incident: Incident,
    action: string,
    body: StepBody = {},
  ): Promise<IncidentDetail> {
    try {
      const detail = await client.step(incident.id, action, incident.version, body)
      learn(detail)
      turnTo(detail)
      return detail
    } catch (error) {
      if (error instanceof SignedOut) sessionGone()
      if (error instanceof Stale) {
        learn(error.current ?? (await client.incident(incident.id)))
      }
      throw error
    }
  }

  /** An answer carries no stream position: it counts by its version alone. */
  function learn(incident: Incident): void {
    book.value = merge(book.value, incident, book.value.get(incident.id)?.seq ?? 0)
  }

  /** From now on this is the incident at hand. */
  function turnTo(incident: Incident): void {
    mine.value = { id: incident.id, step: awaitedStep(incident) }
  }

  function holds(permission: string): boolean {
    return state.me?.permissions.includes(permission) ?? false
  }

  function may(action: string): boolean {
    return holds(`incident.${action}`)
  }

  /** What one may do has changed: a second factor was enrolled, say. */
  async function readMe(): Promise<void> {
    takeMe(await client.me())
  }

  return {
    state,
    lockingIn_s,
    lock,
    unlock,
    readMe,
    book,
    mine,
    open,
    unsigned,
    toConfirm,
    serverNow,
    lostLoudly,
    client,
    begin,
    signIn,
    signOut,
    toSignIn,
    step,
    learn,
    turnTo,
    readDrills,
    may,
    holds,
    unlockSound: () => speaker.unlock(),
    testSound: async () => {
      await speaker.unlock()
      speaker.once('test')
    },
  }
}

function sortCameras(cameras: Camera[]): Camera[] {
  return cameras.sort((a, b) => a.name.localeCompare(b.name, 'zh-CN') || (a.id < b.id ? -1 : 1))
}

function isLocked(error: unknown): boolean {
  return error instanceof Refused && error.status === 423
}

function storedSite(storage: Storage): Site | null {
  const text = storage.getItem(SITE_STORED_AS)
  return text === null ? null : (JSON.parse(text) as Site)
}

export const CONSOLE: InjectionKey<Console> = Symbol('console')

export function useConsole(): Console {
  const found = inject(CONSOLE)
  if (found === undefined) throw new Error('the app provides no console')
  return found
}
