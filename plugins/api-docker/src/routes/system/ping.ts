import type { Exchange } from '../../http/exchange.ts';

/** `HEAD` and `GET /_ping`. Builder-Version 1 says that there is no BuildKit here. */
export async function ping({ request, response }: Exchange): Promise<void> {
  const body = request.method === 'HEAD' ? '' : 'OK';
  response.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': 2,
    'Builder-Version': '1',
    Swarm: 'inactive',
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
  });
  response.end(body);
}
