import type { Api, ApiHandler, Engine } from '@shiplog/contracts';
import { injectable } from '@shiplog/driver-kit';
import { NativeHandler } from './native-handler.ts';

/** The native API, under `/shiplog/v1/` on every socket of the engine. Reads only: whatever changes something is a Docker route. */
@injectable()
export class NativeApi implements Api {
  handler(engine: Engine): ApiHandler {
    return new NativeHandler(engine);
  }
}
