import type { Exchange } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';

/** `POST /build/prune`: nothing is built here, so there is no cache. `docker system prune` asks for this, too. */
export async function pruneBuildCache({ response }: Exchange): Promise<void> {
  json(response, 200, { CachesDeleted: null, SpaceReclaimed: 0 });
}
