// Reads the Markdown of notes and cards into plain values. No HTML passes through it.

export type Span =
  | { kind: "text" | "code" | "strong" | "em"; text: string }
  | { kind: "link"; text: string; to: string };
export type Block =
  | { kind: "heading"; level: number; spans: Span[] }
  | { kind: "paragraph"; spans: Span[] }
  | { kind: "code"; text: string }
  | { kind: "list"; ordered: boolean; items: Span[][] }
  | { kind: "quote"; spans: Span[] }
  | { kind: "table"; head: Span[][]; rows: Span[][][] };

const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;

/** With `keepLines` the lines of a paragraph stay apart, else they flow. */
export function blocks(text: string, keepLines = false): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const made: Block[] = [];
  let at = 0;
  const take = (fits: (line: string) => boolean) => {
    const from = at;
    while (at < lines.length && fits(lines[at]!)) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === "") at += 1;
    else if (line.startsWith("```")) {
      at += 1;
      made.push({ kind: "code", text: take((l) => !l.startsWith("```")).join("\n") });
      at += 1;
    } else if (heading) {
      at += 1;
      made.push({ kind: "heading", level: heading[1]!.length, spans: spans(heading[2]!) });
    } else if (item.test(line)) {
      const items = take((l) => item.test(l) || /^\s{2,}\S/.test(l));
      made.push(list(items));
    } else if (line.startsWith(">")) {
      const said = take((l) => l.startsWith(">")).map((l) => l.replace(/^>\s?/, ""));
      made.push({ kind: "quote", spans: spans(said.join(" ")) });
    } else if (line.includes("|") && /^\s*\|?[\s:|-]*-[\s:|-]*$/.test(lines[at + 1] ?? "")) {
      const rows = take((l) => l.includes("|")).map(cells);
      made.push({ kind: "table", head: rows[0] ?? [], rows: rows.slice(2) });
    } else {
      const plain = take((l) => l.trim() !== "" && !/^(```|#{1,6}\s|>)/.test(l) && !item.test(l));
      made.push({ kind: "paragraph", spans: spans(plain.join(keepLines ? "\n" : " ")) });
    }
  }
  return made;
}

function list(lines: string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    const found = item.exec(line);
    if (found) items.push(found[2]!);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const ordered = item.exec(lines[0]!)?.[1] !== undefined;
  return { kind: "list", ordered, items: items.map(spans) };
}

function cells(line: string): Span[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => spans(cell.trim()));
}

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/;

export function spans(text: string): Span[] {
  const made: Span[] = [];
  let rest = text;
  for (;;) {
    const found = inline.exec(rest);
    if (!found) break;
    if (found.index > 0) made.push({ kind: "text", text: rest.slice(0, found.index) });
    const [whole, code, strong, alsoStrong, em, name, to] = found;
    if (code) made.push({ kind: "code", text: code });
    else if (strong ?? alsoStrong) made.push({ kind: "strong", text: (strong ?? alsoStrong)! });
    else if (em) made.push({ kind: "em", text: em });
    // Only addresses that open a page: `javascript:` and its like stay text.
    else if (name && /^(https?:\/\/|\/(?!\/))/.test(to!)) made.push({ kind: "link", text: name, to: to! });
    else made.push({ kind: "text", text: whole });
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) made.push({ kind: "text", text: rest });
  return made;
}
