/** Is this machine too slow for a film? The server says of each part whether some before it were left
 * out for us. Pure. */

const WITHIN_MS = 20_000
const MOST = 3

export class Slowness {
  private at: number[] = []

  /** Pictures were left out just now; whether that is too often. */
  note(now: number): boolean {
    this.at = [...this.at.filter((ms) => now - ms < WITHIN_MS), now]
    return this.at.length >= MOST
  }
}
