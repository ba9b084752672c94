// Which page is shown: the address in the browser, as state.

class Place {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));
}

export const place = new Place();

function read() {
  place.path = location.pathname;
  place.query = new URLSearchParams(location.search);
}

/** Shows another page. */
export function go(address: string, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  read();
  if (!replace) scrollTo(0, 0);
}

/** The parts of the path that fit a pattern such as `/runs/:id`; null where it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const found = path.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== found.length) return null;
  const parts: Record<string, string> = {};
  for (const [idx, want] of wanted.entries()) {
    const have = found[idx] ?? "";
    if (want.startsWith(":")) parts[want.slice(1)] = decoded(have);
    else if (want !== have) return null;
  }
  return parts;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The same place for the addresses that MLflow's clients print: `/#/experiments/1/runs/ID`. */
export function ofMlflow(hash: string): string | null {
  const found = /^#\/(experiments|models)\/([^/?]+)(?:\/(runs)\/([^/?]+))?/.exec(hash);
  if (!found) return null;
  if (found[3]) return `/runs/${found[4]}`;
  return `/${found[1]}/${found[2]}`;
}

/** Follows links inside the page without loading it anew. */
export function follow(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

addEventListener("popstate", read);
addEventListener("hashchange", () => {
  const meant = ofMlflow(location.hash);
  if (meant) go(meant, { replace: true });
});
const meant = ofMlflow(location.hash);
if (meant) go(meant, { replace: true });
