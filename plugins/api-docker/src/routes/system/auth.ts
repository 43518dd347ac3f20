import { type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import { decode, type Exchange } from '../../http/exchange.ts';
import { readJson } from '../../http/body.ts';
import { authIn } from '../../http/registry-auth.ts';
import { json } from '../../http/reply.ts';

const HUB = 'docker.io';

/**
 * `POST /auth`: says whether a registry takes credentials. 401 where it does not, as Docker has it. Clients keep them, and send them with each request that
 * needs them.
 */
export async function checkAuth(exchange: Exchange): Promise<void> {
  const { engine, caller, response, gone } = exchange;
  const { host, auth } = await decode(exchange, 'registry.login', () => credentialsIn(exchange));
  try {
    await engine.login(host, auth, caller, gone);
  } catch (error) {
    const told = engine.told(error);
    if (told.code !== 'REGISTRY_DENIED') throw told;
    json(response, 401, { message: told.message });
    return;
  }
  json(response, 200, { IdentityToken: '', Status: 'Login Succeeded' });
}

async function credentialsIn({ body, request }: Exchange): Promise<{ readonly host: string; readonly auth: RegistryAuth }> {
  const document = await readJson(body, request.headers['content-type']);
  const { auth } = authIn(document, 'credentials');
  if (auth === undefined) throw new ShiplogError('REQUEST_INVALID', 'no credentials were given: username and password, or identitytoken');
  const { serveraddress } = document;
  return { host: hostIn(typeof serveraddress === 'string' ? serveraddress : ''), auth };
}

/** The registry in what clients send: a host, or a URL as Docker's hub has had since its first version (`https://index.docker.io/v1/`). */
function hostIn(address: string): string {
  const host = address.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '');
  if (host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io') return HUB;
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/.test(host))
    throw new ShiplogError('REQUEST_INVALID', 'serveraddress is no host, host:port or URL');
  return host;
}
