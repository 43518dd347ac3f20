import { ShiplogError } from '@shiplog/contracts';
import { parseReference } from '@shiplog/oci/reference';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { registryAuth } from '../../http/registry-auth.ts';
import { json } from '../../http/reply.ts';

/** `GET /distribution/{name}/json`: what a pull of it would bring, and for which platforms that is. */
export async function inspectDistribution(exchange: Exchange): Promise<void> {
  const { engine, caller, response, gone } = exchange;
  const { reference, auth = {} } = await decode(exchange, 'registry.inspect', () => {
    const name = param(exchange, 'name');
    if (/^sha256:[0-9a-f]{64}$/.test(name)) throw new ShiplogError('REFERENCE_INVALID', 'no manifest found for full image ID');
    parseReference(name);
    return { reference: name, ...registryAuth(exchange) };
  });
  const { descriptor, platforms } = await engine.distribution(reference, auth, caller, gone);
  const { mediaType, digest, size } = descriptor;
  json(response, 200, { Descriptor: { mediaType, digest, size }, Platforms: platforms });
}
