import { type Progress, ShiplogError } from '@shiplog/contracts';
import { decode, type Exchange } from '../../http/exchange.ts';
import { hostGateway } from '../../http/host-gateway.ts';
import { ProgressStream } from '../../http/progress-stream.ts';
import { booleanOf } from '../../http/query.ts';
import { registryAuths } from '../../http/registry-auth.ts';
import { translateBuild } from '../../translate/build-spec.ts';

/** `POST /build`: the body is the context. What the build writes comes as it is written; `q` leaves the image's id of it. */
export async function buildImage(exchange: Exchange): Promise<void> {
  const { engine, query, body, caller, response, gone } = exchange;
  const { spec, buildArgs, registries } = await decode(exchange, 'image.build', async () => ({
    ...translateBuild(query, await hostGateway(engine)),
    registries: registryAuths(exchange),
  }));
  const quiet = booleanOf(query, 'q');
  const lines = new ProgressStream(response);
  const output = (text: string): void => {
    if (text !== '') lines.line({ stream: text });
  };
  let written = '';
  try {
    const { id, tags } = await engine.execute('image.build', spec, caller, {
      body,
      buildArgs,
      registries,
      signal: gone,
      // Of images that it begins with, as they come.
      ...(quiet ? {} : { progress: (step: Progress) => lines.progress(step) }),
      // What a failure needs to be understood by.
      output: quiet ? (text) => (written = (written + text).slice(-QUIET_LIMIT)) : output,
    });
    if (quiet) output(`${id}\n`);
    else {
      lines.line({ aux: { ID: id } });
      output(`Successfully built ${id.slice('sha256:'.length, 'sha256:'.length + 12)}\n`);
      for (const tag of tags) output(`Successfully tagged ${tag}\n`);
    }
    lines.end();
  } catch (error) {
    if (quiet) output(written);
    const { exitCode } = ShiplogError.wrap(error).facts;
    lines.fail(error, typeof exitCode === 'number' ? exitCode : 'none');
  }
}

/** Characters of the output of a quiet build that are kept for the case that it fails. */
const QUIET_LIMIT = 1024 * 1024;
