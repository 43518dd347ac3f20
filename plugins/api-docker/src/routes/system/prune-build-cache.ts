import type { Exchange } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';

/** `POST /build/prune`: what serves builds as a cache is images, which the prune of images takes. `docker system prune` asks for this, too. */
export async function pruneBuildCache({ response }: Exchange): Promise<void> {
  json(response, 200, { CachesDeleted: null, SpaceReclaimed: 0 });
}
