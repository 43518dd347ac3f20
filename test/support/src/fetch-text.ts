import { setTimeout as sleep } from 'node:timers/promises';

/** The text at a URL of a server that may be about to listen: a container that was just started. Throws what fetch throws when nobody answers in `ms`, 30 s. */
export async function fetchText(url: string, ms = 30_000): Promise<string> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(20);
    }
  }
}
