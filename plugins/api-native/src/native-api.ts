import type { Api, ApiHandler, Engine, Extensions } from '@shiplog/contracts';
import { injectable } from '@shiplog/driver-kit';
import { NativeHandler } from './native-handler.ts';

/** The native API, under `/shiplog/v1/` on every socket of the engine. What Docker's API can say is not said again here. */
@injectable()
export class NativeApi implements Api {
  handler(engine: Engine, extensions: Extensions): ApiHandler {
    return new NativeHandler(engine, extensions);
  }
}
