import { type Context, print } from '../context.ts';
import { createContainer } from '../create/create-container.ts';
import { CREATE_OPTIONS } from '../create/create-options.ts';
import { attachedStreams } from '../create/create-request.ts';
import { EXIT } from '../exit-codes.ts';
import { PROCESS_EXITS } from '../process-exits.ts';
import { runAttached, startFailure } from '../terminal/run-attached.ts';
import { checkTerminal } from '../terminal/session.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARGUMENT...]',
  args: [1, Infinity],
  complete: 'image',
  passThrough: true,
  runsProcess: true,
  options: {
    detach: { type: 'switch', short: 'd', help: 'Leave it running and print its id' },
    'detach-keys': { type: 'text', value: 'KEYS', help: 'Keys that leave a terminal: ctrl-p,ctrl-q' },
    'sig-proxy': { type: 'switch', on: true, help: 'Pass signals on to the process' },
    ...CREATE_OPTIONS,
  },
  examples: [
    { command: 'shiplog run --rm -it busybox sh', what: 'a shell that leaves nothing behind but its events' },
    { command: 'shiplog run -d --name web -p 8080:80 nginx', what: 'a server in the background' },
    { command: 'echo hi | shiplog run --rm -i busybox cat', what: 'a filter' },
  ],
  exits: PROCESS_EXITS,
  async run(context, flags, args) {
    const streams = attachedStreams(flags, flags.detach);
    checkTerminal(context, flags.tty, streams.stdin);
    const client = await context.client();
    const id = await createContainer(context, client, flags, args, flags.detach);
    try {
      if (flags.detach) return await startDetached(context, id);
      return await runAttached(context, client, id, {
        ...streams,
        tty: flags.tty,
        detachKeys: flags['detach-keys'],
        signalProxy: flags['sig-proxy'],
        autoRemove: flags.rm,
      });
    } catch (error) {
      // One that never ran cannot exit, so nothing else would remove it. Gone or busy going: as wanted.
      if (flags.rm) await client.docker.removeContainer(id, { force: true, v: true }).catch(() => undefined);
      throw error;
    }
  },
});

async function startDetached(context: Context, id: string): Promise<number> {
  try {
    await (await context.client()).docker.startContainer(id);
  } catch (error) {
    throw startFailure(error);
  }
  print(context, id);
  return EXIT.ok;
}
