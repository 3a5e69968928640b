/**
 * The one door to the server's HTTP API: headers, error translation, the server's clock.
 * No state of the console and no words for people belong here.
 */
import { CodeAsked, RateLimited, Refused, ServerAway, SignedOut, Stale } from './errors'
import type { Camera, Incident, IncidentDetail, Me, Page, StepBody, System } from './types'

const TIMEOUT_MS = 10_000
const UPLOAD_TIMEOUT_MS = 300_000
const OUTSIDE_TIMEOUT_MS = 120_000
/** A storm's worth of pages; more open incidents than this no screen can show anyway. */
const MAX_PAGES = 40

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export class Client {
  /** Server clock minus this browser's clock, ms; ages on the page are told by the server's. */
  clockOffsetMs = 0

  constructor(
    private readonly fetch_: Fetch,
    private readonly now: () => number,
  ) {}

  /** @throws CodeAsked where the account has a second factor and `otp` is not its code. */
  async signIn(username: string, password: string, otp: string | null = null): Promise<void> {
    const code = otp === null ? {} : { otp }
    await this.send('POST', '/api/v1/session', { username, password, ...code })
  }

  async lock(): Promise<void> {
    await this.send('POST', '/api/v1/session/lock')
  }

  async unlock(proof: { password: string } | { otp: string }): Promise<void> {
    await this.send('POST', '/api/v1/session/unlock', proof)
  }

  async signOut(): Promise<void> {
    await this.send('DELETE', '/api/v1/session')
  }

  async me(): Promise<Me> {
    return (await this.send('GET', '/api/v1/me')).json() as Promise<Me>
  }

  /** All open incidents and the stream position from which nothing is missing. */
  async openIncidents(): Promise<{ items: Incident[]; position: number | null }> {
    const items: Incident[] = []
    let position: number | null = null
    let after: string | null = null
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const query: string = after === null ? '' : `&after=${encodeURIComponent(after)}`
      const response = await this.send('GET', `/api/v1/incidents?state=open&limit=100${query}`)
      // The first page's position: whatever happens while later pages are read comes as an event.
      if (page === 0) position = positionOf(response)
      const body = (await response.json()) as Page<Incident>
      items.push(...body.items)
      after = body.next
      if (after === null) break
    }
    return { items, position }
  }

  async closedIncidents(after: string | null): Promise<Page<Incident>> {
    const query = after === null ? '' : `&after=${encodeURIComponent(after)}`
    const response = await this.send('GET', `/api/v1/incidents?state=closed&limit=50${query}`)
    return response.json() as Promise<Page<Incident>>
  }

  /** `masked`: a glance, which shows and unmasks no contact. */
  async incident(id: string, masked = false): Promise<IncidentDetail> {
    const query = masked ? '?masked=1' : ''
    const path = `/api/v1/incidents/${encodeURIComponent(id)}${query}`
    const response = await this.send('GET', path)
    return response.json() as Promise<IncidentDetail>
  }

  /** @throws Stale when `version` is no longer the newest. */
  async step(
    id: string,
    action: string,
    version: number,
    body: StepBody,
  ): Promise<IncidentDetail> {
    const path = `/api/v1/incidents/${encodeURIComponent(id)}/${action}`
    const response = await this.send('POST', path, body, { 'If-Match': String(version) })
    return response.json() as Promise<IncidentDetail>
  }

  async cameras(): Promise<Camera[]> {
    const response = await this.send('GET', '/api/v1/cameras')
    return ((await response.json()) as { items: Camera[] }).items
  }

  async system(): Promise<System> {
    return (await this.send('GET', '/api/v1/system')).json() as Promise<System>
  }

  /** One picture, now. The server writes down who asked and the purpose. */
  async snapshot(camera: string, purpose: string): Promise<Blob> {
    const path = `/api/v1/cameras/${encodeURIComponent(camera)}/snapshot.jpg`
    const response = await this.send('GET', `${path}?purpose=${encodeURIComponent(purpose)}`)
    return response.blob()
  }

  async get<T>(path: string): Promise<T> {
    return (await this.send('GET', `/api/v1${path}`)).json() as Promise<T>
  }

  /** A change; what comes back, or null where nothing does. */
  async change<T = null>(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    version?: number,
  ): Promise<T> {
    const headers = version === undefined ? {} : { 'If-Match': String(version) }
    const response = await this.send(method, `/api/v1${path}`, body, headers as Record<string, string>)
    return (response.status === 204 ? null : await response.json()) as T
  }

  /** An answer that waits for something outside: cameras take their time. */
  async await<T>(path: string, body: object): Promise<T> {
    return (await this.send('POST', `/api/v1${path}`, body, {}, OUTSIDE_TIMEOUT_MS)).json() as Promise<T>
  }

  async awaitPicture(path: string, body: object): Promise<Blob> {
    return (await this.send('POST', `/api/v1${path}`, body, {}, OUTSIDE_TIMEOUT_MS)).blob()
  }

  /** A file as it is; the server may work on it for minutes. */
  async upload<T>(path: string, content: ArrayBuffer, type: string): Promise<T> {
    const headers = { 'Content-Type': type }
    const response = await this.send('POST', `/api/v1${path}`, content, headers, UPLOAD_TIMEOUT_MS)
    return response.json() as Promise<T>
  }

  async presence(sound: 'unlocked' | 'locked', visible: boolean): Promise<void> {
    await this.send('POST', '/api/v1/presence', { sound, visible })
  }

  private async send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
    timeoutMs = TIMEOUT_MS,
  ): Promise<Response> {
    const init: RequestInit = {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { Accept: 'application/json', ...headers },
    }
    if (method !== 'GET') {
      init.headers = { ...init.headers, 'X-Requested-With': 'lianfang' }
    }
    if (body instanceof ArrayBuffer) {
      init.body = body
    } else if (body !== undefined) {
      init.headers = { ...init.headers, 'Content-Type': 'application/json' }
      init.body = JSON.stringify(body)
    }
    let response: Response
    try {
      response = await this.fetch_(path, init)
    } catch (error) {
      throw new ServerAway(String(error))
    }
    this.learnClock(response)
    if (!response.ok) throw await errorOf(response)
    return response
  }

  private learnClock(response: Response): void {
    const date = Date.parse(response.headers.get('Date') ?? '')
    if (Number.isNaN(date)) return
    const offset = date - this.now()
    // The header has whole seconds; small differences are only rounding and would make ages jump.
    if (Math.abs(offset - this.clockOffsetMs) > 2_000) {
      this.clockOffsetMs = Math.abs(offset) > 2_000 ? offset : 0
    }
  }
}

function positionOf(response: Response): number | null {
  const text = response.headers.get('X-Stream-Position')
  if (text === null || text === '') return null
  const position = Number(text)
  return Number.isSafeInteger(position) ? position : null
}

async function errorOf(response: Response): Promise<Error> {
  const problem = await problemOf(response)
  switch (response.status) {
    case 401:
      return problem.code === null ? new SignedOut(problem.detail) : new CodeAsked(problem.code)
    case 412:
      return new Stale(problem.incident)
    case 429:
      return new RateLimited(Number(response.headers.get('Retry-After')) || 30)
    case 502:
    case 504:
      // A proxy's word for "nobody behind me".
      return new ServerAway(problem.detail)
    default:
      return new Refused(response.status, problem.detail)
  }
}

async function problemOf(
  response: Response,
): Promise<{ detail: string; incident: IncidentDetail | null; code: 'asked' | 'wrong' | null }> {
  const text = await response.text().catch(() => '')
  try {
    const body = JSON.parse(text) as Record<string, unknown>
    return {
      detail: String(body['detail'] ?? body['title'] ?? response.statusText),
      incident: (body['incident'] as IncidentDetail | undefined) ?? null,
      code: (body['second_factor'] as 'asked' | 'wrong' | undefined) ?? null,
    }
  } catch {
    return { detail: response.statusText, incident: null, code: null }
  }
}
