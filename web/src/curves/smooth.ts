// What is drawn of a curve.

/** Exponential smoothing that starts unbiased; `weight` from 0 (none) to below 1. Gaps stay gaps. */
export function smoothed(values: (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return values;
  let [average, debias] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    debias = weight * debias + (1 - weight);
    return average / debias;
  });
}

/** What a scale can show: no NaN, no infinity, and on a logarithmic one nothing below zero. */
export function drawable(values: number[], log: boolean): (number | null)[] {
  return values.map((value) => (Number.isFinite(value) && (!log || value > 0) ? value : null));
}

/** Colours that tell series apart on light and on dark. */
export const palette = [
  "#3b7dd8", "#e07b39", "#2a9d6f", "#c8458a", "#8a63d2", "#b8901c", "#1aa3b5", "#d64545", "#6f8f2f", "#8c7a6b",
];
