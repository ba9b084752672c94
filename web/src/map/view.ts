// Which part of a scene is seen on a screen. Pixels only: knows no canvas and no ground.

/** The scene's position at the middle of the screen, and screen pixels a pixel of the scene. */
export interface View {
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** A tile and where it belongs in the scene. */
export interface Tile extends Point {
  z: number;
  /** Its left edge, upper edge and side in pixels of the scene. */
  left: number;
  top: number;
  side: number;
}

/** At most so many screen pixels a pixel of the scene. */
const CLOSEST = 24;

export function toScreen(view: View, screen: Size, at: Point): Point {
  return {
    x: (at.x - view.x) * view.scale + screen.width / 2,
    y: (at.y - view.y) * view.scale + screen.height / 2,
  };
}

export function toScene(view: View, screen: Size, at: Point): Point {
  return {
    x: (at.x - screen.width / 2) / view.scale + view.x,
    y: (at.y - screen.height / 2) / view.scale + view.y,
  };
}

/** The whole scene, with a margin. */
export function fit(scene: Size, screen: Size): View {
  const scale = 0.96 * Math.min(screen.width / scene.width, screen.height / scene.height);
  return { x: scene.width / 2, y: scene.height / 2, scale: Math.max(scale, 1e-6) };
}

/** A view that shows at least the scene's half or its pixels, and does not leave the scene. */
export function held(view: View, scene: Size, screen: Size): View {
  const least = fit(scene, screen).scale / 2;
  return {
    x: clamp(view.x, 0, scene.width),
    y: clamp(view.y, 0, scene.height),
    scale: clamp(view.scale, Math.min(least, 1), CLOSEST),
  };
}

/** Larger by a factor, with the scene under `at` staying where it is. */
export function zoomed(view: View, screen: Size, at: Point, factor: number): View {
  const scale = clamp(view.scale * factor, 1e-6, CLOSEST);
  const under = toScene(view, screen, at);
  return {
    x: under.x - (at.x - screen.width / 2) / scale,
    y: under.y - (at.y - screen.height / 2) / scale,
    scale,
  };
}

export function moved(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale };
}

/** The zoom whose tiles are not drawn larger than they are; `density` is screen dots a pixel. */
export function zoomOf(view: View, maxZoom: number, density: number): number {
  return clamp(maxZoom + Math.ceil(Math.log2(view.scale * density) - 0.2), 0, maxZoom);
}

/** The tiles of a zoom that are in sight, those nearest to the middle first. */
export function tilesInSight(view: View, screen: Size, scene: Size, z: number, maxZoom: number, tilePx: number): Tile[] {
  const side = tilePx * 2 ** (maxZoom - z);
  const first = toScene(view, screen, { x: 0, y: 0 });
  const last = toScene(view, screen, { x: screen.width, y: screen.height });
  const range = (low: number, high: number, end: number) => {
    const from = Math.max(0, Math.floor(low / side));
    const to = Math.min(Math.ceil(end / side) - 1, Math.floor(high / side));
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, idx) => from + idx);
  };
  const rows = range(first.y, last.y, scene.height);
  const tiles = range(first.x, last.x, scene.width).flatMap((x) =>
    rows.map((y) => ({ z, x, y, left: x * side, top: y * side, side })),
  );
  const far = (tile: Tile) => Math.hypot(tile.left + side / 2 - view.x, tile.top + side / 2 - view.y);
  return tiles.sort((a, b) => far(a) - far(b));
}

/** The side in pixels of the square that the only tile of zoom 0 shows: the scene is its upper left part. */
export function wholeSide(scene: Size, tilePx = 256): number {
  return tilePx * 2 ** Math.ceil(Math.log2(Math.max(1, Math.max(scene.width, scene.height) / tilePx)));
}

/** A round length in metres, or in pixels where a pixel's size is not known, for a bar of about 110 px. */
export function scaleBar(view: View, gsd: number | null): { px: number; text: string } {
  const perPx = (gsd ?? 1) / view.scale;
  const most = 110 * perPx;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= most) ?? power;
  const unit = gsd === null ? "px" : length >= 1000 ? "km" : "m";
  const value = unit === "km" ? length / 1000 : length;
  return { px: length / perPx, text: `${+value.toPrecision(3)} ${unit}` };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
