import { expect, test } from "vitest";
import { ago, duration } from "./times";

test("a time is told by how long ago it was", () => {
  const seconds = [5, 50, 600, 7200, 86400, 3 * 86400, 70 * 86400];
  const meant = ["just now", "1 min ago", "10 min ago", "2 h ago", "1 day ago", "3 days ago", "2 months ago"];
  expect(seconds.map((s) => ago(1e12 - s * 1000, 1e12))).toEqual(meant);
});

test("a duration has the two units that matter", () => {
  const ms = [12, 1500, 42_000, 95_000, 2 * 3.6e6, 50 * 3.6e6];
  expect(ms.map(duration)).toEqual(["12 ms", "1.5 s", "42 s", "1 min 35 s", "2 h 0 min", "2 d 2 h"]);
});
