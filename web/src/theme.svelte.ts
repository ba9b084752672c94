// Light or dark: as the system says, or as the reader chose.
import { recall, remember } from "./memory";

export type Theme = "system" | "light" | "dark";

class Chosen {
  theme = $state<Theme>(recall<Theme>("theme", "system"));
  /** Counts the changes of what is shown, for what is drawn on a canvas. */
  changes = $state(0);
}

export const chosen = new Chosen();

export function choose(theme: Theme) {
  chosen.theme = theme;
  remember("theme", theme);
  apply();
}

function apply() {
  document.documentElement.dataset.theme = chosen.theme;
  chosen.changes += 1;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
apply();
