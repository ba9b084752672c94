// Craters as columns: which are shown, which one is under the pointer, in which colour.
import type { Found, Judgement } from "../api/client";

/** What the reader wants to see. */
export interface Wanted {
  probability: number;
  /** Diameters in pixels. */
  smallest: number;
  largest: number;
  verdicts: Judgement[];
}

/** From purple over red to yellow: lightness grows with probability, for whoever sees colours otherwise. */
export const COLOURS = ["#8a4fe0", "#c24bb4", "#ee6c5b", "#fba238", "#fdf35a"];

/** The colour's index of a probability: five parts of equal width. */
export function bin(probability: number): number {
  return Math.min(COLOURS.length - 1, Math.max(0, Math.floor(probability * COLOURS.length)));
}

/** Indices of the craters that are shown. One with a verdict is not hidden for its probability. */
export function shown(found: Found, wanted: Wanted): number[] {
  const verdicts = new Set(wanted.verdicts);
  const indices: number[] = [];
  for (let idx = 0; idx < found.id.length; idx += 1) {
    const verdict = found.verdict[idx]!;
    const diameter = found.diameter_px[idx]!;
    if (!verdicts.has(verdict) || diameter < wanted.smallest || diameter > wanted.largest) continue;
    if (verdict === "none" && found.probability[idx]! < wanted.probability) continue;
    indices.push(idx);
  }
  return indices;
}

/** Diameters of all craters, smallest and largest, as whole pixels. */
export function diameters(found: Found): [number, number] {
  let [low, high] = [Infinity, 0];
  for (const diameter of found.diameter_px) {
    low = Math.min(low, diameter);
    high = Math.max(high, diameter);
  }
  return high === 0 ? [0, 1] : [Math.floor(low), Math.ceil(high)];
}

/** Craters by the cells of a grid, to find the one at a place without asking all. */
export class Places {
  #cells = new Map<string, number[]>();
  #found: Found;
  #largest = 0;

  constructor(found: Found, indices: number[]) {
    this.#found = found;
    for (const idx of indices) {
      const key = cell(found.x_px[idx]!, found.y_px[idx]!);
      const there = this.#cells.get(key);
      if (there) there.push(idx);
      else this.#cells.set(key, [idx]);
      this.#largest = Math.max(this.#largest, found.diameter_px[idx]! / 2);
    }
  }

  /** The crater at a place: of several the one whose centre is nearest for its size. */
  at(x: number, y: number, near: number): number | null {
    const reach = this.#largest + near;
    let best: number | null = null;
    let least = Infinity;
    for (let cy = Math.floor((y - reach) / CELL); cy <= Math.floor((y + reach) / CELL); cy += 1) {
      for (let cx = Math.floor((x - reach) / CELL); cx <= Math.floor((x + reach) / CELL); cx += 1) {
        for (const idx of this.#cells.get(`${cx},${cy}`) ?? []) {
          const radius = this.#found.diameter_px[idx]! / 2;
          const far = Math.hypot(this.#found.x_px[idx]! - x, this.#found.y_px[idx]! - y);
          if (far <= radius + near && far / (radius + near) < least) {
            least = far / (radius + near);
            best = idx;
          }
        }
      }
    }
    return best;
  }
}

const CELL = 128;
const cell = (x: number, y: number) => `${Math.floor(x / CELL)},${Math.floor(y / CELL)}`;
