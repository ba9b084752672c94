import { expect, test } from "vitest";
import type { Found, Judgement } from "../api/client";
import { bin, diameters, Places, shown } from "./craters";

/** Craters at x = 0, 100, 200, … */
function found(probability: number[], verdict: Judgement[], diameter_px: number[]): Found {
  const id = probability.map((_, idx) => idx + 1);
  const x_px = probability.map((_, idx) => idx * 100);
  return { n: id.length, id, x_px, y_px: x_px.map(() => 50), diameter_px, probability, verdict, added: [] };
}

const three = found([0.9, 0.3, 0.1], ["none", "none", "confirmed"], [10, 40, 20]);
const all: Judgement[] = ["none", "confirmed", "rejected", "unsure"];

test("what is less likely is hidden, but not what a person confirmed", () => {
  expect(shown(three, { probability: 0.5, smallest: 0, largest: 99, verdicts: all })).toEqual([0, 2]);
});

test("sizes and verdicts that are not wanted are hidden", () => {
  expect(shown(three, { probability: 0, smallest: 15, largest: 30, verdicts: all })).toEqual([2]);
  expect(shown(three, { probability: 0, smallest: 0, largest: 99, verdicts: ["none"] })).toEqual([0, 1]);
});

test("five colours share the probabilities", () => {
  expect([0, 0.19, 0.2, 0.79, 0.8, 1].map(bin)).toEqual([0, 0, 1, 3, 4, 4]);
});

test("the slider of diameters spans what was found", () => {
  expect(diameters(three)).toEqual([10, 40]);
  expect(diameters(found([], [], []))).toEqual([0, 1]);
});

test("a click finds the crater under it, and of two the nearer one for its size", () => {
  const places = new Places(three, [0, 1, 2]);
  expect(places.at(115, 50, 2)).toBe(1);
  expect(places.at(160, 50, 2)).toBe(null);
  expect(places.at(8, 50, 2)).toBe(null);
  expect(places.at(8, 50, 5)).toBe(0);
  expect(new Places(three, [0]).at(100, 50, 2)).toBe(null);
});
