// Starts `fieldkit serve` on an empty folder and a free port, and ends it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The address of a fresh server, its folder, and how to end it. */
export async function serve(fieldkit) {
  const data = mkdtempSync(join(tmpdir(), "fieldkit-browser-data-"));
  const server = spawn(fieldkit, ["serve", "--listen", "127.0.0.1:0", "--data", data]);
  let said = "";
  const base = await new Promise((found, failed) => {
    const read = (bytes) => {
      said += bytes;
      const address = /http:\/\/[\d.]+:\d+/.exec(said);
      if (address) found(address[0]);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.on("error", failed);
    server.on("exit", () => failed(new Error(`${fieldkit} serve ended: ${said}`)));
  });
  const end = async () => {
    const ended = new Promise((done) => server.on("exit", done));
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { base, data, end };
}
