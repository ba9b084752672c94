// Tiles of a scene that were fetched, within a bound. What is not here yet is drawn from a coarser one.
import type { Tile } from "./view";

/** Each takes 256 kB decoded. */
const MOST = 160;
const AT_ONCE = 6;

export class Tiles {
  #kept = new Map<string, HTMLImageElement>();
  #loading = new Map<string, HTMLImageElement>();
  #wrong = new Set<string>();
  #wanted: Tile[] = [];
  #came: () => void;
  #address: (z: number, x: number, y: number) => string;
  /** Whether the last tile that was asked for could not be had. */
  failed = false;

  constructor(address: (z: number, x: number, y: number) => string, came: () => void) {
    this.#address = address;
    this.#came = came;
  }

  /** Asks for what is in sight and not here; what is out of sight meanwhile is forgotten. */
  want(tiles: Tile[]) {
    this.#wanted = tiles.filter((tile) => !this.#kept.has(key(tile)) && !this.#wrong.has(key(tile)));
    this.#load();
  }

  /** The tile, or the part of a coarser one that covers it: picture and square to take from it. */
  find(tile: Tile): { image: HTMLImageElement; x: number; y: number; side: number } | null {
    for (let up = 0; up <= tile.z; up += 1) {
      const id = `${tile.z - up}/${tile.x >> up}/${tile.y >> up}`;
      const image = this.#kept.get(id);
      if (!image) continue;
      this.#kept.delete(id);
      this.#kept.set(id, image);
      const side = image.naturalWidth / 2 ** up;
      return { image, x: (tile.x % 2 ** up) * side, y: (tile.y % 2 ** up) * side, side };
    }
    return null;
  }

  #load() {
    while (this.#loading.size < AT_ONCE) {
      const tile = this.#wanted.shift();
      if (!tile) return;
      const id = key(tile);
      if (this.#loading.has(id)) continue;
      const image = new Image();
      this.#loading.set(id, image);
      image.onload = () => this.#end(id, image);
      image.onerror = () => this.#end(id, null);
      image.src = this.#address(tile.z, tile.x, tile.y);
    }
  }

  #end(id: string, image: HTMLImageElement | null) {
    this.#loading.delete(id);
    this.failed = image === null;
    if (image) this.#kept.set(id, image);
    else this.#wrong.add(id);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= MOST) break;
      this.#kept.delete(old);
    }
    this.#came();
    this.#load();
  }

  /** Forgets who listens: a tile on its way is dropped. */
  end() {
    this.#wanted = [];
    this.#came = () => {};
  }
}

const key = (tile: { z: number; x: number; y: number }) => `${tile.z}/${tile.x}/${tile.y}`;
