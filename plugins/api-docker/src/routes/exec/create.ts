import { type Exchange, decode, jsonBody, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { translateExec } from '../../translate/exec-spec.ts';

/** `POST /containers/{id}/exec`. */
export async function createExec(exchange: Exchange): Promise<void> {
  const { engine, caller, response } = exchange;
  const spec = await decode(exchange, 'exec.create', async () => {
    const { spec: asked, env } = translateExec(await jsonBody(exchange));
    return { ...asked, env: await engine.seal(env) };
  });
  const { id } = await engine.execute('exec.create', { container: param(exchange, 'id'), spec }, caller);
  json(response, 201, { Id: id });
}
