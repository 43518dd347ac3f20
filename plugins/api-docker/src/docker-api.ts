import type { Api, ApiHandler, Engine } from '@shiplog/contracts';
import { injectable } from '@shiplog/driver-kit';
import { DockerHandler } from './handler.ts';
import { Router } from './http/router.ts';
import { ROUTES } from './routes/table.ts';

/** The Docker Engine API. */
@injectable()
export class DockerApi implements Api {
  handler(engine: Engine): ApiHandler {
    return new DockerHandler(engine, new Router(ROUTES));
  }
}
