// Logs what there is to look at, walks the pages, says what held. One walk is one sentence.
import { parseArgs } from "node:util";
import { open } from "./browser.mjs";
import { client, manyRuns, richRun } from "./log.mjs";
import { screenshots } from "./screenshots.mjs";
import { serve } from "./server.mjs";
import { paddies } from "./survey.mjs";
import { walks } from "./walks.mjs";

const { values } = parseArgs({
  options: {
    chromium: { type: "string" },
    fieldkit: { type: "string" },
    url: { type: "string" },
    screenshots: { type: "string", default: new URL("screenshots", import.meta.url).pathname },
    only: { type: "string", default: "" },
  },
});
if (!values.fieldkit && !values.url) {
  console.error("say --fieldkit PROGRAM or --url ADDRESS");
  process.exit(2);
}

const server = values.url ? { base: values.url.replace(/\/$/, ""), end: async () => {} } : await serve(values.fieldkit);
const { context, close } = await open(values.chromium);
let failed = 0;
try {
  const { base } = server;
  const log = client(base);
  const stamp = values.url ? ` ${Date.now()}` : "";
  const world = {
    base,
    log,
    isFresh: !values.url,
    empty: () => fetch(`${base}/api/fieldkit/v1/overview`).then((answer) => answer.json()),
    many: (n, name) => manyRuns(log, name + stamp, n),
    survey: server.data ? (name, n) => paddies(server.data, name, n) : null,
    rich: () => richRun(log, `north shore${stamp}`),
    context,
  };
  for (const [sentence, walk] of walks(world)) {
    if (!sentence.includes(values.only)) continue;
    const began = performance.now();
    try {
      await walk();
      console.log(`  ok    ${sentence} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`  WRONG ${sentence}\n${error.stack ?? error}`);
    }
  }
  if (failed === 0 && !values.only) await screenshots(context, base, world.places ?? [], values.screenshots);
} finally {
  await close();
  await server.end();
}
console.log(failed === 0 ? "browser: every walk holds" : `browser: ${failed} walks went wrong`);
process.exit(failed === 0 ? 0 : 1);
