// Numbers as people read them.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Four significant digits; whole numbers whole. */
export function number(value: number | null): string {
  if (value === null) return "";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return minus(grouped.format(value));
  if (value !== 0 && (size >= 1e6 || size < 1e-3)) return minus(exponent(value));
  if (size >= 1e4) return minus(grouped.format(value));
  return minus(value.toPrecision(4));
}

function exponent(value: number): string {
  return value.toExponential(3).replace(/\.?0*e\+?/, "e");
}

/** Three significant digits at most, and no zero that says nothing. */
export function short(value: number): string {
  return Math.abs(value) >= 1000 ? number(Math.round(value)) : minus(String(+value.toPrecision(3)));
}

/** A value with the digits that its interval leaves sure. */
export function asSureAs(value: number, low: number, high: number): string {
  const width = Math.abs(high - low);
  if (!Number.isFinite(value) || !Number.isFinite(width) || width === 0) return number(value);
  const size = Math.max(Math.abs(value), width);
  if (size >= 1e6 || size < 1e-3) return number(value);
  const decimals = Math.min(6, Math.max(0, 2 - Math.ceil(Math.log10(width))));
  return minus(
    value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
  );
}

/** A count with its noun. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${grouped.format(n)} ${n === 1 ? one : many}`;
}

/** A size of a file. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let size = n;
  let unit = "B";
  for (const next of units) {
    if (size < 999.5) break;
    size /= 1000;
    unit = next;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}
