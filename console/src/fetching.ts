/** How far a file is whose making takes its time: how often to ask, and when to stop asking. Pure. */

export const ASK_EVERY_MS = 2000
/** So often nothing is heard of a making that was asked for, and it is taken for given up. */
const SILENT_LOOKS = 5

export interface Fetching {
  /** Somebody pressed the link here, and the file has not come yet. */
  asked: boolean
  silent: number
}

export const NOT_FETCHING: Fetching = { asked: false, silent: 0 }
export const JUST_ASKED: Fetching = { asked: true, silent: 0 }

/** After a look at the register: `making` is how many percent are done, null where nothing is made. */
export function looked(before: Fetching, making: number | null): Fetching {
  if (!before.asked || making !== null) return { ...before, silent: 0 }
  const silent = before.silent + 1
  return silent < SILENT_LOOKS ? { asked: true, silent } : NOT_FETCHING
}

/** Whether to look again: here, or on another page, somebody waits for it. */
export function goesOn(now: Fetching, making: number | null): boolean {
  return now.asked || making !== null
}
