// The columns that a table of runs can show, and the order of its rows.
import { real, type Table } from "../api/client";
import { number } from "../reading/numbers";
import { ago, duration, moment } from "../reading/times";

/** Which value of a metric is shown where it was logged more than once. */
export type Stat = "last" | "min" | "max";

export type Column = {
  /** `metrics.loss`, `params.lr`, `tags.team`, or the name of a fact such as `started`. */
  id: string;
  label: string;
  kind: "fact" | "metrics" | "params" | "tags";
  numeric: boolean;
  width: number;
  text: (row: number) => string;
  /** What rows are ordered by; null sinks to the end. */
  value: (row: number) => number | string | null;
  /** The whole value, where `text` is shortened. */
  full?: (row: number) => string;
};

export function columns(table: Table, stat: Stat, experimentNames: Map<string, string>): Column[] {
  return [
    ...facts(table, experimentNames),
    ...table.metrics.map((metric): Column => {
      const given = (stat === "last" ? undefined : metric[stat]) ?? metric.last;
      const values = given.map(real);
      return {
        id: `metrics.${metric.key}`,
        label: metric.key,
        kind: "metrics",
        numeric: true,
        width: wide(metric.key, 96, 190),
        text: (row) => number(values[row] ?? null),
        value: (row) => values[row] ?? null,
        full: (row) => (values[row] === null ? "" : String(values[row])),
      };
    }),
    ...table.params.map((param) => texts("params", param)),
    ...table.tags.map((tag) => texts("tags", tag)),
  ];
}

function facts(table: Table, experimentNames: Map<string, string>): Column[] {
  const took = (row: number) => {
    const [from, to] = [table.started_ms[row], table.ended_ms[row]];
    return from && to ? to - from : null;
  };
  const fact = (id: string, label: string, width: number, rest: Pick<Column, "text" | "value" | "full">): Column => ({
    id, label, kind: "fact", numeric: false, width, ...rest,
  });
  const plain = (values: string[]) => ({
    text: (row: number) => values[row] ?? "",
    value: (row: number) => values[row] || null,
  });
  return [
    fact("started", "Started", 118, {
      text: (row) => ago(table.started_ms[row]),
      value: (row) => table.started_ms[row] ?? null,
      full: (row) => moment(table.started_ms[row]),
    }),
    { ...fact("duration", "Duration", 104, { text: (row) => duration(took(row)), value: took }), numeric: true },
    fact("status", "Status", 100, plain(table.statuses)),
    fact("experiment", "Experiment", 160, plain(table.experiment_ids.map((id) => experimentNames.get(id) ?? id))),
    fact("user", "User", 110, plain(table.users)),
  ];
}

function texts(kind: "params" | "tags", { key, words, at }: Table["params"][number]): Column {
  const numbers = words.map((word) => (word.trim() === "" ? NaN : Number(word)));
  const numeric = words.length > 0 && numbers.every((n) => !Number.isNaN(n));
  const longest = words.slice(0, 200).reduce((most, word) => Math.max(most, word.length), 0);
  return {
    id: `${kind}.${key}`,
    label: key,
    kind,
    numeric,
    width: Math.max(wide(key, 84, 180), Math.min(220, longest * 7.6 + 28)),
    text: (row) => words[at[row] ?? -1] ?? "",
    value: (row) => {
      const place = at[row] ?? -1;
      return place < 0 ? null : numeric ? numbers[place]! : words[place]!;
    },
    full: (row) => words[at[row] ?? -1] ?? "",
  };
}

function wide(label: string, least: number, most: number): number {
  return Math.max(least, Math.min(most, label.length * 7.8 + 42));
}

/** What is shown until the reader chooses: what was measured and what was varied. */
export function usual(all: Column[], rows: number, narrow = false): string[] {
  const system = (c: Column) => c.label.startsWith("system/");
  const metrics = all.filter((c) => c.kind === "metrics" && !system(c)).slice(0, 8);
  const params = all.filter((c) => c.kind === "params");
  const varied = params.filter((c) => differs(c, rows));
  const shown = (varied.length > 0 || rows > 1 ? varied : params).slice(0, 8);
  const facts = narrow ? [] : ["started", "duration"];
  return [...facts, ...[...metrics, ...shown].map((c) => c.id)];
}

/** Whether the rows do not all say the same. */
export function differs(column: Column, rows: number): boolean {
  const first = column.value(0);
  for (let row = 1; row < rows; row += 1) {
    if (!Object.is(column.value(row), first)) return true;
  }
  return false;
}

/** Rows 0 to `n` in the order of a column; those without a value last, whichever way. */
export function ordered(n: number, column: Column | undefined, descending: boolean): number[] {
  const rows = Array.from({ length: n }, (_, row) => row);
  if (!column) return rows;
  const values = rows.map((row) => column.value(row));
  const sinks = (value: number | string | null) => value === null || Number.isNaN(value);
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [values[a] ?? null, values[b] ?? null];
    if (sinks(x) || sinks(y)) return Number(sinks(x)) - Number(sinks(y)) || a - b;
    if (x === y) return a - b;
    return (x! < y! ? -1 : 1) * sign;
  });
}

/** A line of the table: a run, or the head of a group of runs. */
export type Line =
  | { kind: "run"; row: number }
  | { kind: "group"; label: string; rows: number[]; open: boolean };

/** Rows under the head of their group, groups by size of their text or number. */
export function grouped(rows: number[], by: Column, closed: Set<string>): Line[] {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const label = by.text(row);
    const group = groups.get(label);
    if (group) group.push(row);
    else groups.set(label, [row]);
  }
  const names = [...groups.keys()].sort((a, b) =>
    a === "" || b === "" ? Number(a === "") - Number(b === "") : a.localeCompare(b, "en", { numeric: true }),
  );
  return names.flatMap((label): Line[] => {
    const members = groups.get(label)!;
    const open = !closed.has(label);
    const head: Line = { kind: "group", label, rows: members, open };
    return [head, ...(open ? members.map((row): Line => ({ kind: "run", row })) : [])];
  });
}

/** The mean of a column's numbers over some rows; null where there are none. */
export function mean(column: Column, rows: number[]): number | null {
  let [sum, n] = [0, 0];
  for (const row of rows) {
    const value = column.value(row);
    if (typeof value === "number" && Number.isFinite(value)) [sum, n] = [sum + value, n + 1];
  }
  return n > 0 ? sum / n : null;
}
