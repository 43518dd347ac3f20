import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeApi } from '../native-api.ts';
import { anEngine, type Double } from './engine.test.double.ts';
import { EXTENSIONS } from './extensions.test.double.ts';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Runs the handler on a socket, over the doubles. */
export async function serve(
  run: (get: (path: string, method?: string) => Promise<IncomingMessage>, double: Double) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'native-'));
  const socketPath = join(directory, 's');
  const double = anEngine();
  const handler = new NativeApi().handler(double.engine, EXTENSIONS);
  const actor = { scheme: 'system', reason: 'test' } as const;
  const server = createServer((request, response) => {
    if (!handler.request(request, response, actor)) response.writeHead(418).end();
  });
  server.listen(socketPath);
  await once(server, 'listening');
  try {
    await run(async (path, method = 'GET') => {
      const request = httpRequest({ socketPath, path, method, agent: false }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      return response;
    }, double);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  }
}

export async function whole(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

/** The objects of an answer, one a line. */
export function lines(answer: Answer): unknown[] {
  return answer.text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
