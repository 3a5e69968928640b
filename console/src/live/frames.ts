/** The framing of live view, the page's side: heads of binary messages, and what is said in text.
 * The server's side has the same table (`linkage/web/live_words.py`). Pure. */

const VERSION = 1
const HEAD_BYTES = 20

export type PartKind = 'init' | 'fragment' | 'picture'
const KINDS: Record<number, PartKind> = { 1: 'init', 2: 'fragment', 3: 'picture' }

export interface Part {
  kind: PartKind
  view: number
  /** Pictures before it were left out: we were too slow. */
  leftOut: boolean
  number: number
  /** When a picture came from the camera, by the server's clock, Unix ms … */
  atMs: number
  /** … and where that picture stands in the film, ms. */
  mediaMs: number
  data: Uint8Array<ArrayBuffer>
}

/** Null: it is of a later version than this page. */
export function partOf(message: ArrayBuffer): Part | null {
  if (message.byteLength < HEAD_BYTES) return null
  const head = new DataView(message)
  const kind = KINDS[head.getUint8(1)]
  if (head.getUint8(0) !== VERSION || kind === undefined) return null
  return {
    kind,
    view: head.getUint8(2),
    leftOut: (head.getUint8(3) & 1) === 1,
    number: head.getUint32(4),
    atMs: Number(head.getBigUint64(8)),
    mediaMs: head.getUint32(16),
    data: new Uint8Array(message, HEAD_BYTES),
  }
}

export type Said =
  | { type: 'begun'; view: number; look: string; lasts_s: number; until_ms: number }
  | {
      type: 'format'
      view: number
      via: 'fmp4' | 'jpeg'
      codec: string
      width: number
      height: number
      masked: boolean
    }
  | { type: 'waits'; view: number; why: string; said: string }
  | { type: 'over'; view: number; why: string; said: string; refused: boolean }

export interface Wanted {
  camera: string
  purpose: string
  incident: string | null
}
