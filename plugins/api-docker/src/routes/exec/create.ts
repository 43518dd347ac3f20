import { type Exchange, decode, jsonBody, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { translateExec } from '../../translate/exec-spec.ts';

/** `POST /containers/{id}/exec`. */
export async function createExec(exchange: Exchange): Promise<void> {
  const { engine, caller, response } = exchange;
  const { spec, env } = await decode(exchange, 'exec.create', async () => translateExec(await jsonBody(exchange)));
  const sealed = { ...spec, env: await engine.seal(env) };
  const { id } = await engine.execute('exec.create', { container: param(exchange, 'id'), spec: sealed }, caller);
  json(response, 201, { Id: id });
}
