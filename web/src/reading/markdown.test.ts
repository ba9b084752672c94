import { expect, test } from "vitest";
import { blocks, spans } from "./markdown";

test("a card has headings, lists, tables and code", () => {
  const seen = blocks("# A\n\none\ntwo\n\n- x\n- y\n\n|a|b|\n|-|-|\n|1|2|\n\n```\n<b>\n```\n");
  expect(seen.map((block) => block.kind)).toEqual(["heading", "paragraph", "list", "table", "code"]);
});

test("a link that could act stays text", () => {
  expect(spans("[x](javascript:alert(1))")[0]?.kind).toBe("text");
  expect(spans("[x](//elsewhere)")[0]?.kind).toBe("text");
  expect(spans("see [x](https://example.org)")[1]).toEqual({ kind: "link", text: "x", to: "https://example.org" });
});

test("lines flow together, or stay apart where each is a sentence", () => {
  expect(blocks("one\ntwo")).toEqual([{ kind: "paragraph", spans: [{ kind: "text", text: "one two" }] }]);
  expect(blocks("one\ntwo", true)).toEqual([{ kind: "paragraph", spans: [{ kind: "text", text: "one\ntwo" }] }]);
});
