import { parseArgs } from 'node:util';
import { parseVerifierKey, TlogError, type VerifierKey } from '@shiplog/tlog';
import { Witness, type WitnessOptions } from './witness.ts';

const USAGE = `Usage: shiplog-witness --name NAME --log VKEY [--log VKEY...] [flags]

Cosigns checkpoints of logs that only grow. Run it on another machine than the log's: it is what keeps a log honest whose machine is not.

  --name NAME      its name in signatures: a URL without scheme, such as witness.example/shiplog
  --log VKEY       public key of a log it knows (shiplog log key); may be repeated
  --dir DIR        keeps its key and what it cosigned (default: /var/lib/shiplog-witness)
  --listen ADDR    address and port (default: 127.0.0.1:7421)
  --help

It prints its own public key. Exit codes: 0 stopped as asked, 1 failed, 2 bad flags.
`;

class FlagError extends Error {}

function readFlags(argv: readonly string[]): WitnessOptions | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { name: text, dir: text, listen: text, log: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  });
  if (values.help === true) return 'help';
  const { name = '', dir = '/var/lib/shiplog-witness', listen = '127.0.0.1:7421', log = [] } = values;
  if (name === '') throw new FlagError('--name is missing');
  if (log.length === 0) throw new FlagError('--log is missing: a witness that knows no log cosigns nothing');
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(listen) ?? [];
  if (host === '' || Number(port) > 65_535) throw new FlagError(`--listen is an address and a port, not "${listen}"`);
  return { directory: dir, name, logs: log.map(logKey), host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

function logKey(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (key.kind !== 'note') throw new FlagError(`--log wants the key of a log, and ${key.name} is one of a witness`);
  return key;
}

try {
  const options = readFlags(process.argv.slice(2));
  if (options === 'help') process.stdout.write(USAGE);
  else {
    const witness = await Witness.start({ ...options, failed: (error) => complain(error) });
    process.stdout.write(`${witness.vkey}\n`);
    process.stderr.write(`shiplog-witness: listening at ${witness.url}\n`);
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => void witness[Symbol.asyncDispose]().then(() => process.exit(0)));
  }
} catch (error) {
  const flags = error instanceof FlagError || error instanceof TlogError || error instanceof TypeError || error instanceof RangeError;
  complain(error, flags ? '; see --help' : '');
  process.exit(flags ? 2 : 1);
}

function complain(error: unknown, hint = ''): void {
  process.stderr.write(`shiplog-witness: ${error instanceof Error ? error.message : String(error)}${hint}\n`);
}
