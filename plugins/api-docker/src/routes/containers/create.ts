import { cpus } from 'node:os';
import { ShiplogError } from '@shiplog/contracts';
import { type Exchange, decode, jsonBody } from '../../http/exchange.ts';
import { hostGateway } from '../../http/host-gateway.ts';
import { json } from '../../http/reply.ts';
import { translateCreate } from '../../translate/container-spec.ts';

/** `POST /containers/create`. */
export async function createContainer(exchange: Exchange): Promise<void> {
  const { engine, query, response, caller, version } = exchange;
  const { spec, warnings } = await decode(exchange, 'container.create', async () => {
    const body = await jsonBody(exchange);
    const { logDriver, logOptions } = engine.defaults;
    const log = { defaultLogDriver: logDriver, defaultLogOptions: logOptions };
    const translated = translateCreate(body, { version, ...log, hostGateway: await hostGateway(engine), hostCpus: cpus().length });
    return { ...translated, spec: { ...translated.spec, env: await engine.seal(translated.env) } };
  });
  const name = query.get('name')?.replace(/^\//, '') ?? '';
  const answer = await engine.execute('container.create', { spec, ...(name === '' ? {} : { name }) }, caller).catch(missing);
  json(response, 201, { Id: answer.id, Warnings: [...answer.warnings, ...warnings] });
}

/** The docker command takes 404 here for an image that is missing, says so and pulls it. What else is missing, such as a network, is the request's fault. */
function missing(error: unknown): never {
  if (!(error instanceof ShiplogError) || error.class !== 'not-found' || error.code === 'IMAGE_NOT_FOUND') throw error;
  throw new ShiplogError('REQUEST_INVALID', error.message, error.facts, { cause: error });
}
