// A small survey as `fieldkit craters detect` leaves it, of a picture that is drawn here: synthetic.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** Numbers from 0 to 1 that are the same each time. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function piece(kind, data) {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG of `colour(x, y)`: red, green, blue. */
function png(width, height, colour) {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (1 + 3 * width) + 1 + 3 * x;
      colour(x, y).forEach((value, idx) => (rows[at + idx] = Math.max(1, Math.min(255, Math.round(value)))));
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, piece("IHDR", head), piece("IDAT", deflateSync(rows)), piece("IEND", Buffer.alloc(0))]);
}

/** Bowls, lit from the left, on fields. */
function painted(craters) {
  const roll = dice(7);
  const noise = Array.from({ length: 4096 }, () => roll() * 9 - 4.5);
  return (x, y) => {
    const isField = (Math.floor(x / 140) + Math.floor(y / 90)) % 2;
    const isBund = x % 140 < 3 || y % 90 < 3;
    let light = (isField ? 114 : 106) + (isBund ? 16 : 0) + noise[(x * 131 + y * 977) % 4096];
    for (const { x_px, y_px, diameter_px } of craters) {
      const [dx, dy, radius] = [x - x_px, y - y_px, diameter_px / 2];
      const far = Math.hypot(dx, dy) / radius;
      if (far < 1) light += (dx / radius) * 44 * (1 - far ** 4);
      else if (far < 1.25) light += 14 * (1.25 - far) * 4;
    }
    return [light * 1.02, light, light * 0.82];
  };
}

function crater(id, roll, width, height) {
  const diameter_px = 10 + 34 * roll() ** 2;
  const [x_px, y_px] = [width, height].map((end) => 30 + roll() * (end - 60));
  const probability = Math.round((0.98 - 0.94 * (id / 60)) * 1000) / 1000;
  const question = (feature, threshold, value, share_before) => ({ feature, threshold, value, is_below: value <= threshold, share_before });
  return {
    id, x_px, y_px, diameter_px, diameter_m: diameter_px / 2, position: [500000 + x_px / 2, 1240000 - y_px / 2],
    lon_lat: [105.5 + x_px * 4.6e-6, 11.21 - y_px * 4.5e-6], probability,
    path: [question(0, 9.5, diameter_px, 0.31), question(1, 0.2, 0.1 + roll() / 2, 0.44)], verdict: null,
  };
}

/** Writes a survey of `n` candidates into a data folder. */
export function paddies(data, name = "paddies", n = 60) {
  const [width, height] = [900, 640];
  const roll = dice(3);
  const craters = Array.from({ length: n }, (_, idx) => crater(idx + 1, roll, width, height));
  if (n > 60) craters.forEach((it, idx) => (it.probability = 1 - idx / n));
  const folder = join(data, "craters", name);
  mkdirSync(folder, { recursive: true });
  const scene = join(folder, "scene.png");
  writeFileSync(scene, png(width, height, painted(craters.slice(0, 40))));
  const survey = {
    name, scene, options: { bands: null, sun: null, gsd_m: 0.5, projection: null }, width, height, bands: ["red", "green", "blue"],
    gsd_m: 0.5, georeference: null, sun: { azimuth_deg: 270, elevation_deg: 40 }, is_synthetic: true,
    detector: "9f2c1e: drawn for the walks, no detector", threshold: 0.5, area_km2: 0.144, evidence_class: "indirect",
    warnings: ["The scene has no projection: positions are pixels."],
  };
  writeFileSync(join(folder, "survey.json"), JSON.stringify(survey));
  writeFileSync(join(folder, "craters.json"), JSON.stringify(craters));
  writeFileSync(join(folder, "craters.csv"), "id,probability\n1,0.96\n");
  return folder;
}
