// What this browser remembers between visits. A browser that keeps nothing still works.

export function recall<T>(key: string, otherwise: T): T {
  try {
    const kept = localStorage.getItem(`fieldkit.${key}`);
    return kept === null ? otherwise : (JSON.parse(kept) as T);
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown) {
  try {
    localStorage.setItem(`fieldkit.${key}`, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the setting lasts as long as the page.
  }
}
