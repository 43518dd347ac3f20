import * as assert from 'uvu/assert';
import { ask } from './http-client.ts';

/** Creates and starts a container; answers its id. */
export async function start(socketPath: string, command: readonly string[], extra: object = {}): Promise<string> {
  const id = await create(socketPath, command, extra);
  assert.is((await ask(socketPath, 'POST', `/containers/${id}/start`)).status, 204);
  return id;
}

/** Creates a container; answers its id. */
export async function create(socketPath: string, command: readonly string[], extra: object = {}): Promise<string> {
  const created = await ask(socketPath, 'POST', '/containers/create', {
    body: JSON.stringify({ Image: 'busybox', Cmd: command, ...extra }),
  });
  assert.is(created.status, 201, created.text);
  return (JSON.parse(created.text) as { Id: string }).Id;
}
