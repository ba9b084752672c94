import { expect, test } from "vitest";
import { asSureAs, bytes, count, number, short } from "./numbers";

test("numbers have four significant digits, whole numbers are whole", () => {
  const seen = [0.51234, 12.3, 1234.56, 12345.6, 3, 10000, 1.23e-5, 4.2e9, -0.5].map(number);
  const meant = ["0.5123", "12.30", "1235", "12,346", "3", "10,000", "1.23e−5", "4.2e9"];
  expect(seen).toEqual([...meant, "−0.5000"]);
});

test("what is no number is named", () => {
  expect([NaN, Infinity, -Infinity, null].map(number)).toEqual(["NaN", "∞", "−∞", ""]);
});

test("a value shows the digits that its interval leaves sure", () => {
  expect(asSureAs(0.81234, 0.79, 0.83)).toBe("0.812");
  expect(asSureAs(1339.4, 1277, 1417)).toBe("1,339");
});

test("a short number has no zero that says nothing", () => {
  expect([0.5, 9.2, 0.1441, 22.04, 1234.5, -0.25].map(short)).toEqual(["0.5", "9.2", "0.144", "22", "1,235", "−0.25"]);
});

test("sizes and counts have their unit", () => {
  expect([0, 999, 1500, 25_000, 3_200_000].map(bytes)).toEqual(["0 B", "999 B", "1.5 kB", "25 kB", "3.2 MB"]);
  expect([count(1, "run"), count(10000, "run")]).toEqual(["1 run", "10,000 runs"]);
});
