import { createHash } from 'node:crypto';
import { ShiplogError } from '@shiplog/contracts';
import { buildContext } from '../build/build-context.ts';
import { EngineBuildHost } from '../build/build-host.ts';
import { removeLeftovers } from '../build/leftovers.ts';
import { secretsOf } from './registry-auth.ts';
import { asked, decided, type Handler, INTERRUPTED } from './handler.ts';

/**
 * Takes the context in, lets a builder do the rest: containers, images and names are commands of their own, with this one
 * as their cause.
 */
export const imageBuild: Handler<'image.build'> = {
  async run(op) {
    const { chosen, drivers } = op.engine.parts;
    if (chosen.builder === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no plugin of this engine builds images');
    const builder = drivers.get('builder', chosen.builder);
    const { body, buildArgs = {} } = op.streams;
    if (body === undefined) throw new ShiplogError('REQUEST_INVALID', 'the request has no context');
    const { containers, sealed: _, buildArgs: names, ...spec } = await op.revealed(asked(op));
    const values = Object.fromEntries(names.map((name) => [name, buildArgs[name] ?? null]));
    for (const value of Object.values(values)) if (value !== null) op.secrets.push(value);
    for (const auth of Object.values(op.streams.registries ?? {})) op.secrets.push(...secretsOf(auth));
    const sent = createHash('sha256');
    const context = await buildContext(op, hashed(body, sent));
    try {
      const host = new EngineBuildHost(op, context.files, containers);
      const built = await op.act('builder.build', () =>
        builder.build({ ...spec, tags: decided(op).references, buildArgs: values }, host, op.ctx),
      );
      await op.engine.secrets.forget(asked(op));
      return { ...built, context: sent.digest('hex') };
    } finally {
      await context.remove();
    }
  },
  async recover(op) {
    await removeLeftovers(op);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ references }, { image }) => ({ id: image, tags: references }),
};

/** The bytes as they are, with their hash on the way. */
async function* hashed(source: AsyncIterable<Uint8Array>, hash: { update(data: Uint8Array): unknown }): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}
