import { ask } from '../raw-http.ts';
import { keysOf } from './keys-of.ts';

/** Keys by route. */
export type Keys = { readonly [route: string]: readonly string[] };

/** Asks, and tells the keys of what is answered. Throws for an answer other than 200. */
export async function collect(socket: string, version: string, questions: Keys): Promise<Keys> {
  const found: { [route: string]: readonly string[] } = {};
  for (const [route, paths] of Object.entries(questions)) {
    const answers = await Promise.all(
      paths.map(async (path) => {
        const { status, body } = await ask(socket, 'GET', `/v${version}${path}`);
        if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
        // Events are a document a line.
        return body
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as unknown);
      }),
    );
    found[route] = [...new Set(answers.flat().flatMap((answer) => keysOf(answer)))].toSorted();
  }
  return found;
}
