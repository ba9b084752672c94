// Paints craters over a scene. A dark line under each coloured one keeps it visible on any ground.
import type { Found, Judgement } from "../api/client";
import { bin, COLOURS } from "./craters";
import { type Size, toScreen, type View } from "./view";

/** Below this radius on the screen a crater is a square: thousands of them are in sight then. */
const DOT = 2.5;
const UNDER = "rgb(0 0 0 / 0.75)";

/** With more in sight each is a point: rings would hide each other, and be slow. */
const MANY = 4000;
/** So many rings are painted at once: a path grows slow with its length. */
const TOGETHER = 64;

/** Rings of the craters in sight. */
export function craters(pen: CanvasRenderingContext2D, view: View, screen: Size, found: Found, indices: number[]) {
  const inSight = indices.filter((idx) => {
    const { x, y } = toScreen(view, screen, { x: found.x_px[idx]!, y: found.y_px[idx]! });
    const radius = (found.diameter_px[idx]! / 2) * view.scale;
    return x + radius >= 0 && y + radius >= 0 && x - radius <= screen.width && y - radius <= screen.height;
  });
  if (inSight.length > MANY) return points(pen, view, screen, found, inSight);
  const rejected: Path2D[] = [];
  const rings: Path2D[][] = COLOURS.map(() => []);
  const marks = new Path2D();
  const n = [0, ...COLOURS.map(() => 0)];
  for (const idx of inSight) {
    const { x, y } = toScreen(view, screen, { x: found.x_px[idx]!, y: found.y_px[idx]! });
    const radius = (found.diameter_px[idx]! / 2) * view.scale;
    const verdict = found.verdict[idx]!;
    const colour = verdict === "rejected" ? -1 : bin(found.probability[idx]!);
    const paths = rings[colour] ?? rejected;
    if (n[colour + 1]!++ % TOGETHER === 0) paths.push(new Path2D());
    ring(paths.at(-1)!, x, y, radius);
    if (radius >= DOT) mark(marks, verdict, x, y, Math.min(radius * 0.4, 6));
  }
  for (const path of [rejected, ...rings].flat()) stroke(pen, path, UNDER, 4);
  for (const path of rejected) stroke(pen, path, "#b8bec4", 1.4);
  rings.forEach((paths, colour) => paths.forEach((path) => stroke(pen, path, COLOURS[colour]!, 2)));
  stroke(pen, marks, UNDER, 4.5);
  stroke(pen, marks, "#ffffff", 2);
}

/** The least likely first, so that the most likely lie on top. */
function points(pen: CanvasRenderingContext2D, view: View, screen: Size, found: Found, indices: number[]) {
  for (const idx of indices.toReversed()) {
    const { x, y } = toScreen(view, screen, { x: found.x_px[idx]!, y: found.y_px[idx]! });
    pen.fillStyle = found.verdict[idx] === "rejected" ? "#b8bec4" : COLOURS[bin(found.probability[idx]!)]!;
    pen.fillRect(x - 1.5, y - 1.5, 3, 3);
  }
}

function ring(path: Path2D, x: number, y: number, radius: number) {
  if (radius < DOT) {
    path.rect(x - 1, y - 1, 2, 2);
    return;
  }
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

/** A verdict is a shape, not a colour: a tick, a cross, a dash. */
function mark(path: Path2D, verdict: Judgement, x: number, y: number, size: number) {
  if (verdict === "confirmed") {
    path.moveTo(x - size, y);
    path.lineTo(x - size / 4, y + size * 0.7);
    path.lineTo(x + size, y - size * 0.8);
  } else if (verdict === "rejected") {
    path.moveTo(x - size, y - size);
    path.lineTo(x + size, y + size);
    path.moveTo(x + size, y - size);
    path.lineTo(x - size, y + size);
  } else if (verdict === "unsure") {
    path.moveTo(x - size, y);
    path.lineTo(x + size, y);
  }
}

/** A circle that a person added or is adding: dashed. */
export function added(pen: CanvasRenderingContext2D, view: View, screen: Size, circles: { x_px: number; y_px: number; diameter_px: number }[]) {
  const path = new Path2D();
  for (const { x_px, y_px, diameter_px } of circles) {
    const { x, y } = toScreen(view, screen, { x: x_px, y: y_px });
    ring(path, x, y, Math.max(DOT, (diameter_px / 2) * view.scale));
  }
  stroke(pen, path, UNDER, 4);
  pen.setLineDash([6, 4]);
  stroke(pen, path, "#ffffff", 2);
  pen.setLineDash([]);
}

/** Points at the crater that is looked at. */
export function chosen(pen: CanvasRenderingContext2D, view: View, screen: Size, found: Found, idx: number) {
  const { x, y } = toScreen(view, screen, { x: found.x_px[idx]!, y: found.y_px[idx]! });
  const radius = Math.max(8, (found.diameter_px[idx]! / 2) * view.scale + 6);
  const path = new Path2D();
  for (let quarter = 0; quarter < 4; quarter += 1) {
    const from = (quarter * Math.PI) / 2 + 0.35;
    path.moveTo(x + radius * Math.cos(from), y + radius * Math.sin(from));
    path.arc(x, y, radius, from, from + Math.PI / 2 - 0.7);
  }
  stroke(pen, path, UNDER, 5);
  stroke(pen, path, "#ffffff", 2.5);
}

function stroke(pen: CanvasRenderingContext2D, path: Path2D, colour: string, width: number) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke(path);
}
