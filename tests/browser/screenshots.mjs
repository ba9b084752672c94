// Pictures of every page, wide and narrow, light and dark, for a person to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { page as opened } from "./browser.mjs";

const sizes = [
  { name: "wide", width: 1440, height: 900 },
  { name: "narrow", width: 390, height: 844 },
];

/** Writes the pictures into `folder`. `places` are pairs of a name and a path. */
export async function screenshots(context, base, places, folder) {
  mkdirSync(folder, { recursive: true });
  for (const { name: size, width, height } of sizes) {
    for (const dark of [false, true]) {
      const { page } = await opened(context, { width, height, dark });
      for (const [name, path] of places) {
        await page.goto(base + path);
        await page.waitForLoadState("networkidle");
        await page.waitForTimeout(250);
        const file = `${name}-${size}-${dark ? "dark" : "light"}.png`;
        await page.screenshot({ path: join(folder, file), fullPage: true });
      }
      await page.close();
    }
  }
}
