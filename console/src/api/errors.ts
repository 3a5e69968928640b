/**
 * What can go wrong with a request. The class says what the page has to do:
 * sign in again, show the newer incident, wait, or say that the server is away.
 */
import type { IncidentDetail } from './types'

export class ApiError extends Error {}

/** No answer: the server is away, or the line to it is. Try again later. */
export class ServerAway extends ApiError {}

/** 401: there is no session any more. Only signing in helps. */
export class SignedOut extends ApiError {}

/** 401 with the right password: a code of the second factor is asked for, or was wrong. */
export class CodeAsked extends ApiError {
  constructor(readonly state: 'asked' | 'wrong') {
    super('second factor')
  }
}

/** 429: too many attempts. Wait `retryAfterS`. */
export class RateLimited extends ApiError {
  constructor(readonly retryAfterS: number) {
    super('rate limited')
  }
}

/** 412: somebody else was quicker. `current` is the incident as it is now, when the server sent it. */
export class Stale extends ApiError {
  constructor(readonly current: IncidentDetail | null) {
    super('stale')
  }
}

/** Any other answer that is not a success, with the server's own sentence. */
export class Refused extends ApiError {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(`${status} ${detail}`)
  }
}
