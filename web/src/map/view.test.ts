import { expect, test } from "vitest";
import { fit, held, moved, scaleBar, tilesInSight, toScene, toScreen, wholeSide, zoomOf, zoomed } from "./view";

const screen = { width: 400, height: 300 };
const scene = { width: 1000, height: 600 };
const view = { x: 500, y: 300, scale: 2 };

test("what is at the middle of the view is at the middle of the screen, and back", () => {
  expect(toScreen(view, screen, { x: 500, y: 300 })).toEqual({ x: 200, y: 150 });
  expect(toScene(view, screen, toScreen(view, screen, { x: 12, y: 34 }))).toEqual({ x: 12, y: 34 });
});

test("zooming keeps what is under the pointer", () => {
  const at = { x: 37, y: 211 };
  const before = toScene(view, screen, at);
  const after = toScene(zoomed(view, screen, at, 1.7), screen, at);
  expect(after.x).toBeCloseTo(before.x);
  expect(after.y).toBeCloseTo(before.y);
});

test("a drag of ten pixels moves the scene by five at twice its size", () => {
  expect(moved(view, 10, -10)).toEqual({ x: 495, y: 305, scale: 2 });
});

test("the scene cannot be lost", () => {
  expect(held({ x: -90, y: 9999, scale: 1e-9 }, scene, screen)).toEqual({ x: 0, y: 600, scale: fit(scene, screen).scale / 2 });
  expect(held({ x: 5, y: 5, scale: 1e9 }, scene, screen).scale).toBe(24);
});

test("tiles are asked for where they are seen, at the zoom that is needed", () => {
  expect(zoomOf({ ...view, scale: 1 }, 2, 1)).toBe(2);
  expect(zoomOf({ ...view, scale: 0.25 }, 2, 1)).toBe(0);
  expect(zoomOf({ ...view, scale: 0.25 }, 2, 2)).toBe(1);
  const tiles = tilesInSight({ x: 300, y: 300, scale: 1 }, { width: 200, height: 200 }, scene, 2, 2, 256);
  expect(tiles.map(({ x, y }) => `${x}/${y}`)).toEqual(["1/1", "0/1", "1/0", "0/0"]);
  const all = tilesInSight(fit(scene, screen), screen, scene, 2, 2, 256);
  expect(all).toHaveLength(12);
  expect(Math.max(...all.map((tile) => tile.left))).toBe(768);
});

test("the coarsest tile shows a square that holds the scene", () => {
  expect([{ width: 900, height: 640 }, { width: 100, height: 256 }, { width: 257, height: 2 }].map((it) => wholeSide(it))).toEqual([1024, 256, 512]);
});

test("the bar has a round length", () => {
  expect(scaleBar({ ...view, scale: 1 }, 0.5)).toEqual({ px: 100, text: "50 m" });
  expect(scaleBar({ ...view, scale: 0.01 }, 0.5).text).toBe("5 km");
  expect(scaleBar({ ...view, scale: 1 }, null).text).toBe("100 px");
});
