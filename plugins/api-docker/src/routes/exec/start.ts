import { type ExecRecord, type Engine, ShiplogError } from '@shiplog/contracts';
import { outputContentType } from '../../http/content-type.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../../http/detach-keys.ts';
import { type Exchange, decode, jsonBody, param } from '../../http/exchange.ts';
import { frame } from '../../http/frame.ts';
import { pump } from '../../http/pump.ts';
import { empty } from '../../http/reply.ts';
import { messageOf } from '../../http/status.ts';

/** How long the end of the output may run ahead of the recorded exit, in milliseconds. */
const EXIT_DEADLINE_MS = 10_000;

/**
 * `POST /exec/{id}/start`. Attached, the connection switches first and the process starts then; a start that fails is
 * told in the stream, as what the program printed, where Docker tells it. The stream ends once the exit is recorded, because clients ask for the exit code right after.
 */
export async function startExec(exchange: Exchange): Promise<void> {
  const { engine, caller, response, version, gone } = exchange;
  const { exec, streams, channel, detachKeys } = await decode(exchange, 'exec.start', async () => {
    const body = await jsonBody(exchange);
    const found = (await engine.view()).exec(param(exchange, 'id'));
    if (found.status !== 'created') throw new ShiplogError('EXEC_ALREADY_RUN', `exec session ${found.id} has been started already`);
    const { attachStdin: stdin, attachStdout: stdout, attachStderr: stderr } = found.spec;
    const wanted = { stdin, stdout, stderr };
    const keys = parseDetachKeys(found.spec.detachKeys ?? DEFAULT_DETACH_KEYS);
    const opened = body.boolean('Detach') ? undefined : await engine.attachExec(found.id, wanted);
    return { exec: found, streams: wanted, channel: opened, detachKeys: keys };
  });
  const { id, spec } = exec;
  const args = { exec: id, detach: channel === undefined, tty: spec.tty };
  if (channel === undefined) {
    await engine.execute('exec.start', args, caller);
    empty(response, 200);
    return;
  }
  const client = exchange.hijack(outputContentType(spec.tty, version));
  const started = engine.execute('exec.start', args, caller).then(
    () => undefined,
    (error: unknown) => {
      channel.close();
      return ShiplogError.wrap(error);
    },
  );
  const pumped = pump(channel, client, { ...streams, tty: spec.tty, framed: !spec.tty, detachKeys, gone });
  const [failed, how] = await Promise.all([started, Promise.race([pumped, started.then(failedOnly)])]);
  if (how === 'detached') {
    await engine.detached({ exec: id }, caller);
  } else if (failed === undefined) {
    await exitRecorded(engine, exec, gone);
  } else {
    const text = Buffer.from(`${messageOf(failed)}\r\n`);
    await client.write(spec.tty ? text : frame(1, text));
  }
  client.end();
}

/** Resolves for a failure, and never for a success. */
async function failedOnly(failure: ShiplogError | undefined): Promise<undefined> {
  if (failure === undefined) await new Promise<never>(() => undefined);
}

/** Waits until the log holds the session's exit. */
async function exitRecorded(engine: Engine, exec: ExecRecord, gone: AbortSignal): Promise<void> {
  const view = await engine.view();
  if (view.execs.get(exec.id)?.status !== 'running') return;
  const signal = AbortSignal.any([gone, AbortSignal.timeout(EXIT_DEADLINE_MS)]);
  for await (const event of engine.log.follow({ from: view.seq + 1, signal })) {
    if (event.type === 'exec.exited' && event.data.id === exec.id) return;
  }
}
