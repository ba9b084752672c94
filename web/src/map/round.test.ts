import { expect, test } from "vitest";
import type { Found, Judgement } from "../api/client";
import { Round } from "./round.svelte";

function found(...verdict: Judgement[]): Found {
  const id = verdict.map((_, idx) => idx + 1);
  const zeros = id.map(() => 0);
  return { n: id.length, id, x_px: zeros, y_px: zeros, diameter_px: zeros, probability: zeros, verdict, added: [] };
}

test("the next one is the first of the queue that nobody judged meanwhile", () => {
  const round = new Round();
  round.take([2, 3, 1], 3);
  expect(round.next(found("none", "rejected", "none"), null)).toBe(2);
});

test("back leads to the one before, and the end of the queue is the end", () => {
  const round = new Round();
  round.take([1, 2], 2);
  const all = found("none", "none");
  expect(round.next(all, null)).toBe(0);
  expect(round.next(all, 0)).toBe(1);
  expect(round.back()).toBe(0);
  expect(round.back()).toBe(null);
  expect(round.next(all, 1)).toBe(null);
});

test("more is asked for while there are few in the queue and more to judge", () => {
  const round = new Round();
  round.take([1, 2], 9);
  expect(round.isShort).toBe(true);
  round.take([1, 2], 2);
  expect(round.isShort).toBe(false);
});
