import { expect, test } from "vitest";
import type { Table } from "../api/client";
import { columns, differs, grouped, mean, ordered, usual } from "./columns";

const table: Table = {
  ids: ["a", "b", "c"],
  names: ["a", "b", "c"],
  experiment_ids: ["1", "1", "1"],
  users: ["", "", ""],
  statuses: ["finished", "failed", "finished"],
  started_ms: [3, 2, 1],
  ended_ms: [4, null, 9],
  params: [
    { key: "lr", words: ["0.1", "0.02"], at: [0, 1, -1] },
    { key: "seed", words: ["7"], at: [0, 0, 0] },
  ],
  tags: [],
  metrics: [{ key: "loss", last: [0.5, "NaN", null], min: [0.25, 1, null], max: [1, 2, null], n: [2, 2, 0] }],
  is_cut: false,
};
const all = columns(table, "last", new Map());
const of = (id: string) => all.find((column) => column.id === id)!;

test("rows without a value are last, whichever way", () => {
  expect(ordered(3, of("params.lr"), false)).toEqual([1, 0, 2]);
  expect(ordered(3, of("params.lr"), true)).toEqual([0, 1, 2]);
  expect(ordered(3, of("metrics.loss"), false)).toEqual([0, 1, 2]);
});

test("a metric can be shown by its smallest value", () => {
  const smallest = columns(table, "min", new Map()).find((c) => c.id === "metrics.loss")!;
  expect([0, 1, 2].map(smallest.text)).toEqual(["0.2500", "1", ""]);
});

test("what is the same in every run is not shown until it is asked for", () => {
  expect(differs(of("params.seed"), 3)).toBe(false);
  expect(usual(all, 3)).toEqual(["started", "duration", "metrics.loss", "params.lr"]);
});

test("a closed group hides its runs, and has their mean", () => {
  const lines = grouped([0, 1, 2], of("status"), new Set(["finished"]));
  expect(lines.map((line) => (line.kind === "group" ? line.label : line.row))).toEqual(["failed", 1, "finished"]);
  expect(mean(of("metrics.loss"), [0, 2])).toBe(0.5);
});
