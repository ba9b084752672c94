// An answer of the server on its way into a page.
import { Problem } from "./api/client";

/** What was last loaded, or why it could not be. */
export class Loaded<T> {
  value = $state.raw<T>();
  problem = $state("");
  status = $state(0);
  busy = $state(false);
  #turn = 0;

  /** Waits for the answer; one that is overtaken by a later question is dropped. */
  async take(answer: Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await answer;
      if (turn !== this.#turn) return;
      this.value = value;
      this.problem = "";
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = error instanceof Error ? error.message : String(error);
      this.status = error instanceof Problem ? error.status : 0;
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  clear() {
    this.#turn += 1;
    this.value = undefined;
    this.problem = "";
    this.busy = false;
  }
}

/** Does something again and again while the page is seen. Returns how to stop it. */
export function every(ms: number, work: () => Promise<unknown> | void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let stopped = false;
  const turn = async () => {
    if (!document.hidden) await work();
    if (!stopped) timer = setTimeout(turn, ms);
  };
  timer = setTimeout(turn, ms);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
