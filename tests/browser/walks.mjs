// The walks, in the order in which they build on each other. Each asks for one behaviour.
import { strict as assert } from "node:assert";
import { page as opened } from "./browser.mjs";

/** Pairs of a sentence and the walk that shows it. */
export function walks(world) {
  const { base, log, context } = world;
  const rows = (page) => page.locator('.body [role="row"]');
  const names = (page) => page.locator('.body [role="row"] a').allTextContents();

  /** Opens a page, does `work`, and holds that nothing went wrong in it or left the server. */
  async function on(path, work, options = {}) {
    const { page, wrong, asked } = await opened(context, options);
    try {
      await page.goto(base + path);
      await work(page);
      assert.deepEqual(wrong.filter((line) => !options.expected?.test(line)), [], "errors in the console");
      assert.deepEqual(asked.filter((url) => !url.startsWith(base) && !url.startsWith("data:")), [], "asked elsewhere");
    } finally {
      await page.close();
    }
  }

  return [
    ["an empty store says how to log to it", async () => {
      if (!world.isFresh) return;
      await on("/", async (page) => {
        await page.getByText(`MLFLOW_TRACKING_URI=${base} python your_script.py`).waitFor();
        await page.goto(`${base}/models`);
        await page.getByText("No model is registered").waitFor();
        await page.goto(`${base}/reports`);
        await page.getByText("No reports yet").waitFor();
      });
    }],

    ["the start page shows an application with its picture and its scores", async () => {
      world.north = await world.rich();
      world.experiment = await world.many(60, "tiles");
      await on("/", async (page) => {
        const picture = page.locator(".applications img").first();
        await picture.waitFor();
        await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));
        await page.getByText("0.912", { exact: true }).first().waitFor();
        assert.equal(await page.title(), "Fieldkit");
      });
    }],

    ["a filter narrows the table, and a wrong one is explained", async () => {
      await on(`/experiments/${world.experiment}`, async (page) => {
        await page.getByText("60 runs", { exact: true }).waitFor();
        await page.keyboard.press("/");
        await page.keyboard.type('params.optimizer = "adam"');
        await page.keyboard.press("Enter");
        await page.getByText("20 runs", { exact: true }).waitFor();
        await page.getByLabel("Filter runs").fill("metrics.loss <<< 1");
        await page.keyboard.press("Enter");
        await page.locator(".problem").waitFor();
        assert.match(await page.locator(".problem").innerText(), /<<</);
      }, { expected: /400/ });
    }],

    ["a click on a head sorts, the columns chosen are remembered", async () => {
      await on(`/experiments/${world.experiment}`, async (page) => {
        await rows(page).first().waitFor();
        await page.getByRole("columnheader", { name: "seed" }).getByRole("button").click();
        await page.getByRole("columnheader", { name: "seed" }).getByRole("button").click();
        assert.equal((await names(page))[0], "unet-00059");
        await page.getByRole("button", { name: /^Columns/ }).click();
        await page.getByLabel("val/accuracy").uncheck();
        await page.getByRole("button", { name: "Done" }).click();
        await page.reload();
        await rows(page).first().waitFor();
        assert.equal((await names(page))[0], "unet-00059");
        assert.equal(await page.getByRole("columnheader", { name: "val/accuracy" }).count(), 0);
        await page.getByRole("button", { name: /^Columns/ }).click();
        await page.getByRole("button", { name: "Usual" }).click();
        await page.getByRole("button", { name: "Done" }).click();
        await page.getByRole("columnheader", { name: "seed" }).getByRole("button").click();
        await page.locator('[aria-sort="none"]', { hasText: "seed" }).waitFor();
      });
    }],

    ["min, max and last of a metric are shown as asked", async () => {
      await on(`/experiments/${world.experiment}?filter=attributes.run_name+%3D+%27unet-00000%27`, async (page) => {
        const loss = rows(page).first().locator(".cell.num").nth(1);
        await page.getByText("1 run", { exact: true }).waitFor();
        assert.equal(await loss.innerText(), "0.2000");
        await page.getByRole("button", { name: "max", exact: true }).click();
        assert.equal(await loss.innerText(), "1.200");
        await page.getByRole("button", { name: "last", exact: true }).click();
      });
    }],

    ["runs are grouped by a param, with the mean of each group", async () => {
      await on(`/experiments/${world.experiment}`, async (page) => {
        await rows(page).first().waitFor();
        await page.getByLabel("Group by").selectOption("params.optimizer");
        const group = page.locator(".line.group").first();
        assert.match(await group.innerText(), /adam\s*20/);
        await group.getByRole("button").click();
        assert.match(await page.locator(".line.group").nth(1).innerText(), /lion/);
        await page.getByLabel("Group by").selectOption("");
      });
    }],

    ["two selected runs are compared, and what is the same can be hidden", async () => {
      await on(`/experiments/${world.experiment}`, async (page) => {
        await rows(page).first().waitFor();
        await page.getByLabel("Select unet-00000").check();
        await page.getByLabel("Select unet-00001").check();
        await page.getByRole("button", { name: "Compare" }).click();
        await page.getByRole("heading", { name: "Compare 2 runs" }).waitFor();
        await page.getByRole("rowheader", { name: "optimizer" }).waitFor();
        assert.equal(await page.getByRole("rowheader", { name: "model" }).count(), 0);
        await page.getByLabel("Only differences").uncheck();
        await page.getByRole("rowheader", { name: "model" }).waitFor();
        await page.getByLabel("Only differences").check();
        await page.locator("canvas").first().waitFor();
        world.compared = new URL(page.url()).pathname + new URL(page.url()).search;
      });
    }],

    ["a live curve grows while the run goes on", async () => {
      const run = await log.begin(world.experiment, "live", Date.now());
      const point = (step) => ({ key: "loss", value: 1 / (step + 1), timestamp: Date.now(), step });
      await log.log(run.run_id, { metrics: [point(0), point(1)] });
      await on(`/runs/${run.run_id}`, async (page) => {
        const chart = page.getByRole("img", { name: /^loss/ });
        await chart.waitFor();
        await page.locator("figcaption b", { hasText: "0.5000" }).waitFor();
        await log.log(run.run_id, { metrics: [point(2), point(3)] });
        await page.locator("figcaption b", { hasText: "0.2500" }).waitFor({ timeout: 8000 });
        await log.finish(run.run_id, Date.now());
        await page.locator(".facts", { hasText: "finished" }).waitFor({ timeout: 8000 });
        await page.getByRole("button", { name: "Log scale" }).click();
        await page.getByRole("button", { name: "Duration", exact: true }).click();
        await page.locator("canvas").first().waitFor();
        await page.getByRole("button", { name: "Log scale" }).click();
        await page.getByRole("button", { name: "Step", exact: true }).click();
      });
    }],

    ["a run shows its report, its inputs and its files, and nothing in them runs", async () => {
      await on(`/runs/${world.north.id}`, async (page) => {
        await page.getByText("0.894 to 0.927").waitFor();
        await page.getByText("always water").waitFor();
        await page.getByText("tiles.csv").waitFor();
        await page.getByRole("button", { name: /^curve.svg/ }).click();
        await page.waitForFunction(() => document.querySelector(".picture img")?.naturalWidth > 0);
        await page.getByRole("button", { name: /^report.html/ }).click();
        await page.frameLocator("iframe").getByRole("heading", { name: "North shore" }).waitFor();
        assert.match(await page.title(), /^north-shore/);
        await page.getByRole("button", { name: /model\// }).click();
        await page.getByRole("button", { name: /^model.pkl/ }).click();
        await page.getByText("Code: never opened here.").waitFor();
      }, { expected: /sandbox|Content Security Policy/ });
    }],

    ["a picture or a page that is opened by itself does not act", async () => {
      for (const [how, path] of [["page", "report.html"], ["image", "curve.svg"]]) {
        const answer = await fetch(`${base}/api/fieldkit/v1/runs/${world.north.id}/artifacts/${how}?path=${path}`);
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get("content-security-policy"), /^sandbox; default-src 'none'/);
        assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      }
    }],

    ["a model shows its card, its alias and the run that made it", async () => {
      await on("/models", async (page) => {
        await page.getByRole("link", { name: "tile-classifier" }).click();
        await page.getByRole("cell", { name: "held-out" }).waitFor();
        await page.getByText("champion → v1").first().waitFor();
        await page.getByRole("link", { name: "north-shore" }).click();
        await page.getByRole("heading", { name: "north-shore" }).waitFor();
      });
    }],

    ["reports are listed with interval, split and baseline", async () => {
      await on("/reports", async (page) => {
        await page.getByRole("link", { name: "Tiles of the north shore" }).first().waitFor();
        await page.getByText("held-out: 1,200 tiles").first().waitFor();
      });
    }],

    ["everything in the table is reached by the keyboard alone", async () => {
      await on(`/experiments/${world.experiment}`, async (page) => {
        await rows(page).first().waitFor();
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
        for (let stop = 0; stop < 30; stop += 1) {
          if (await page.evaluate(() => document.activeElement.getAttribute("role") === "grid")) break;
          await page.keyboard.press("Tab");
        }
        assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "grid");
        // To the head, two to the right: sorts by duration and back.
        await page.keyboard.press("ArrowUp");
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("Enter");
        await page.locator('[aria-sort="ascending"]', { hasText: "Started" }).waitFor();
        await page.keyboard.press("Enter");
        await page.keyboard.press("Enter");
        await page.keyboard.press("Home");
        await page.keyboard.press("Space");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Space");
        await page.getByText("2 runs selected").waitFor();
        const active = await page.locator('[role="grid"]').getAttribute("aria-activedescendant");
        const opens = await page.locator(`#${active}`).locator("xpath=..").locator("a").innerText();
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: opens }).waitFor();
      });
    }],

    ["a survey is looked at, reviewed by key, filtered, estimated and downloaded", async () => {
      if (!world.survey) return;
      world.survey("paddies", 60);
      await on("/craters", async (page) => {
        await page.getByText("Synthetic scene").waitFor();
        await page.getByRole("link", { name: "paddies" }).last().click();
        await page.getByText("Synthetic: a scene of our own making").waitFor();
        const status = page.locator(".count");
        await status.filter({ hasText: "30 shown" }).waitFor();

        // The likeliest one is where the server says it is: a click finds it.
        const found = await fetch(`${base}/api/fieldkit/v1/craters/paddies/craters`).then((answer) => answer.json());
        const box = await page.locator("canvas").boundingBox();
        const scale = Number(await page.locator("canvas").getAttribute("data-scale"));
        await page.mouse.click(box.x + box.width / 2 + (found.x_px[0] - 450) * scale, box.y + box.height / 2 + (found.y_px[0] - 320) * scale);
        await page.getByRole("region", { name: `Crater ${found.id[0]}`, exact: true }).waitFor();
        await page.getByText(/is above 9.50/).waitFor();
        await page.waitForFunction(() => document.querySelector("aside img")?.naturalWidth > 0);

        // The first verdict asks who says it.
        await page.keyboard.press("y");
        await page.getByLabel("Who reviews?").fill("Ada");
        await page.getByRole("button", { name: "Go on" }).click();
        await page.getByText("1 confirmed").waitFor();
        await page.getByText(/^Ada, /).waitFor();

        // Then one key a crater, the doubtful ones first.
        await page.getByRole("button", { name: "Review the doubtful ones" }).click();
        await page.getByText("59 not judged yet").waitFor();
        const first = await page.getByRole("region", { name: /^Crater \d+$/ }).getAttribute("aria-label");
        await page.keyboard.press("n");
        await page.getByText("1 rejected").waitFor();
        assert.notEqual(await page.getByRole("region", { name: /^Crater \d+$/ }).getAttribute("aria-label"), first);
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("ArrowLeft");
        await page.keyboard.press("u");
        await page.getByText("1 unsure").waitFor();
        await page.keyboard.press("Escape");

        // One that was missed is drawn.
        await page.getByRole("button", { name: "Add a missed one" }).click();
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width / 2 + 20, box.y + box.height / 2, { steps: 4 });
        await page.mouse.up();
        await page.getByText("1 added").waitFor();

        await page.getByRole("button", { name: "Filter" }).click();
        await page.getByLabel(/^Probability from/).fill("0.9");
        await status.filter({ hasText: /^([4-9]) shown/ }).waitFor();

        await page.getByRole("button", { name: "Estimate" }).click();
        await page.getByText("no bombing records were read").waitFor();
        await page.getByLabel("Bombs recorded").fill("200");
        await page.getByLabel("Bombs recorded").press("Enter");
        await page.getByText("nothing says what share of the craters").waitFor();
        await page.getByLabel("What this rests on").fill("60 of 100 craters of an older picture are seen");
        const row = page.getByRole("row", { name: /^Unexploded bombs/ });
        await row.waitFor();
        const before = await row.innerText();
        await page.getByLabel("Duds among the bombs, upper end").fill("0.8");
        await page.waitForFunction((before) => ![...document.querySelectorAll("aside tr")].some((row) => row.innerText === before), before);

        await page.getByRole("button", { name: "Files" }).click();
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "craters.csv" }).click()]);
        assert.equal(download.suggestedFilename(), "paddies-craters.csv");
      });
    }],

    ["twenty thousand craters are shown, moved and filtered", async () => {
      if (!world.survey) return;
      world.survey("many", 20_000);
      await on("/craters/many", async (page) => {
        await page.locator(".count", { hasText: /10,0\d\d shown/ }).waitFor();
        await page.getByRole("button", { name: "Filter" }).click();
        await page.getByLabel(/^Probability from/).fill("0");
        await page.locator(".count", { hasText: "20,000 shown" }).waitFor();
        const slowest = await page.evaluate(async () => {
          const canvas = document.querySelector("canvas");
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          let slowest = 0;
          for (let turn = 0; turn < 10; turn += 1) {
            const began = performance.now();
            canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: turn % 2 ? 60 : -60, clientX: 300, clientY: 400, cancelable: true }));
            await frame();
            await frame();
            slowest = Math.max(slowest, performance.now() - began);
          }
          return slowest;
        });
        console.log(`        slowest of 10 moves: ${Math.round(slowest)} ms`);
      });
    }],

    ["a link of MLflow's clients leads to the run", async () => {
      await on(`/#/experiments/${world.north.experiment}/runs/${world.north.id}`, async (page) => {
        await page.getByRole("heading", { name: "north-shore" }).waitFor();
      });
    }],

    ["no page is wider than a narrow screen", async () => {
      world.places = [
        ["start", "/"],
        ["runs", `/experiments/${world.experiment}`],
        ["run", `/runs/${world.north.id}`],
        ["compare", world.compared],
        ["models", "/models"],
        ["model", "/models/tile-classifier"],
        ["reports", "/reports"],
        ...(world.survey ? [["craters", "/craters"], ["crater-survey", "/craters/paddies"]] : []),
        ["no-such-page", "/runs/none"],
      ];
      for (const [name, path] of world.places) {
        await on(path, async (page) => {
          await page.getByRole("heading").first().waitFor();
          await page.waitForTimeout(200);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= 390, `${name} is ${wide} px wide`);
        }, { width: 390, height: 844, expected: /404|400/ });
      }
    }],

    ["the switch makes light and dark, and is remembered", async () => {
      await on("/", async (page) => {
        const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
        const light = await paper();
        await page.getByRole("button", { name: /^Colours/ }).click();
        await page.getByRole("button", { name: /^Colours/ }).click();
        assert.notEqual(await paper(), light);
        await page.reload();
        await page.getByRole("button", { name: /^Colours: dark/ }).waitFor();
        assert.notEqual(await paper(), light);
        await page.getByRole("button", { name: /^Colours/ }).click();
      });
    }],

    ["ten thousand runs scroll from top to end with few rows in the page", async () => {
      const many = await world.many(10_000, "ten thousand");
      await on(`/experiments/${many}`, async (page) => {
        await page.getByText("10,000 runs", { exact: true }).waitFor();
        const seen = await page.evaluate(async () => {
          const grid = document.querySelector('[role="grid"]');
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          let most = 0;
          for (let at = 0; at <= 100; at += 1) {
            grid.scrollTop = ((grid.scrollHeight - grid.clientHeight) * at) / 100;
            await frame();
            await frame();
            const rows = [...grid.querySelectorAll('.body [role="row"]')];
            most = Math.max(most, rows.length);
            // What is in sight is filled, at every place.
            const box = grid.getBoundingClientRect();
            const inSight = rows.filter((row) => {
              const { top, bottom } = row.getBoundingClientRect();
              return bottom > box.top + 50 && top < box.bottom;
            });
            if (inSight.length < Math.floor((grid.clientHeight - 50) / 34) - 1) return { most, gap: at };
          }
          return { most, gap: null };
        });
        assert.equal(seen.gap, null, `rows were missing at ${seen.gap} %`);
        assert.ok(seen.most < 100, `${seen.most} rows were in the page`);
        await page.getByRole("link", { name: "unet-09999" }).waitFor();
        await page.locator('[role="grid"]').focus();
        await page.keyboard.press("Home");
        await page.getByRole("link", { name: "unet-00000" }).waitFor();
        await page.getByRole("columnheader", { name: "loss" }).getByRole("button").click();
        await page.locator('[aria-sort="ascending"]', { hasText: "loss" }).waitFor();
      });
    }],
  ];
}
