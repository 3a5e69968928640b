/** When was what is shown, and may it be called live? Pure. */

/** What is older is never shown as live. */
export const STALE_MS = 4_000

interface Mark {
  mediaMs: number
  atMs: number
}

const MARKS = 200

/** Knows of a film's places when they were filmed. */
export class FilmClock {
  private marks: Mark[] = []

  note(mediaMs: number, atMs: number): void {
    this.marks.push({ mediaMs, atMs })
    if (this.marks.length > MARKS) this.marks.shift()
  }

  /** The server's time of what stands at this place of the film; null: not known. */
  at(mediaMs: number): number | null {
    const after = this.marks.find((mark) => mark.mediaMs >= mediaMs) ?? this.marks.at(-1)
    return after === undefined ? null : after.atMs - (after.mediaMs - mediaMs)
  }
}

export type Phase =
  | 'starting'
  | 'playing'
  /** Nothing new comes; what is seen is old. */
  | 'stale'
  | 'ended'
  | 'refused'

export interface Moments {
  over: { refused: boolean } | null
  /** Of the picture shown, server's clock; null: none was shown yet. */
  shownAtMs: number | null
  /** When the picture shown last changed, page's clock. */
  changedMs: number | null
}

/** `serverMs` and `pageMs` are now, by either clock. */
export function phaseOf(moments: Moments, serverMs: number, pageMs: number): Phase {
  if (moments.over !== null) return moments.over.refused ? 'refused' : 'ended'
  const { shownAtMs, changedMs } = moments
  if (shownAtMs === null || changedMs === null) return 'starting'
  const isOld = serverMs - shownAtMs > STALE_MS || pageMs - changedMs > STALE_MS
  return isOld ? 'stale' : 'playing'
}
