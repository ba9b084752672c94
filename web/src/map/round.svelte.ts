// A round of reviewing: which crater comes next, and which one was before.
import type { Found } from "../api/client";

/** Below so many the next ones are asked for. */
const FEW = 5;

export class Round {
  /** How many nobody has judged, as far as is known here. */
  left = $state(0);
  #queue: number[] = [];
  #before: number[] = [];

  /** What the server wants to be looked at, by number, the most telling first. */
  take(ids: number[], left: number) {
    this.#queue = ids;
    this.left = left;
  }

  get isShort(): boolean {
    return this.#queue.length < FEW && this.left > this.#queue.length;
  }

  /** The index of the next crater that nobody judged; null where there is none. */
  next(found: Found, current: number | null): number | null {
    if (current !== null) this.#before.push(current);
    for (let id = this.#queue.shift(); id !== undefined; id = this.#queue.shift()) {
      const idx = found.id.indexOf(id);
      if (idx >= 0 && idx !== current && found.verdict[idx] === "none") return idx;
    }
    return null;
  }

  /** The index of the crater that was looked at before. */
  back(): number | null {
    return this.#before.pop() ?? null;
  }

  /** Somebody judged one that nobody had. */
  judged() {
    this.left = Math.max(0, this.left - 1);
  }
}
