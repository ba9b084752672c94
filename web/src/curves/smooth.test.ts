import { expect, test } from "vitest";
import { drawable, smoothed } from "./smooth";

test("smoothing starts at the first value and keeps gaps", () => {
  expect(smoothed([2, null, 4], 0.5)).toEqual([2, null, 10 / 3]);
  expect(smoothed([2, 4], 0)).toEqual([2, 4]);
});

test("a logarithmic scale shows nothing below zero", () => {
  expect(drawable([1, 0, -1, NaN, Infinity], true)).toEqual([1, null, null, null, null]);
  expect(drawable([0, -1], false)).toEqual([0, -1]);
});
