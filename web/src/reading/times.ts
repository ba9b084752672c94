// Times as people read them.

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Date and time of this place. */
export function moment(ms: number | null | undefined): string {
  return ms ? clock.format(ms) : "";
}

/** How long ago. */
export function ago(ms: number | null | undefined, now = Date.now()): string {
  if (!ms) return "";
  const seconds = (now - ms) / 1000;
  if (seconds < 45) return "just now";
  const steps: [number, string][] = [
    [60, "min"],
    [3600, "h"],
    [86400, "day"],
    [86400 * 30.4, "month"],
    [86400 * 365, "year"],
  ];
  let [size, name] = steps[0]!;
  for (const [next, called] of steps) if (seconds >= next) [size, name] = [next, called];
  const n = Math.max(1, Math.round(seconds / size));
  const plural = name.length > 3 && n > 1 ? "s" : name === "day" && n > 1 ? "s" : "";
  return `${n} ${name}${plural} ago`;
}

/** How long something took. */
export function duration(ms: number | null): string {
  if (ms === null || ms < 0) return "";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(s % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
