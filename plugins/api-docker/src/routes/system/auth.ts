import { ShiplogError } from '@shiplog/contracts';
import type { Exchange } from '../../http/exchange.ts';
import { readJson } from '../../http/body.ts';
import { authIn } from '../../http/registry-auth.ts';
import { json } from '../../http/reply.ts';

const HUB = 'docker.io';

/**
 * `POST /auth`: says whether a registry takes credentials. 401 where it does not, as Docker has it. Clients keep them, and send them with each request that
 * needs them.
 */
export async function checkAuth({ engine, body, request, response, gone }: Exchange): Promise<void> {
  const document = await readJson(body, request.headers['content-type']);
  const { auth } = authIn(document, 'credentials');
  if (auth === undefined) throw new ShiplogError('REQUEST_INVALID', 'no credentials were given: username and password, or identitytoken');
  const { serveraddress } = document;
  try {
    await engine.login(hostIn(typeof serveraddress === 'string' ? serveraddress : ''), auth, gone);
  } catch (error) {
    const told = engine.told(error);
    if (told.code !== 'REGISTRY_DENIED') throw told;
    json(response, 401, { message: told.message });
    return;
  }
  json(response, 200, { IdentityToken: '', Status: 'Login Succeeded' });
}

/** The registry in what clients send: a host, or a URL as Docker's hub has had since its first version (`https://index.docker.io/v1/`). */
function hostIn(address: string): string {
  const host = address.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '');
  if (host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io') return HUB;
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/.test(host))
    throw new ShiplogError('REQUEST_INVALID', 'serveraddress is no host, host:port or URL');
  return host;
}
