import { EXIT } from '../exit-codes.ts';
import { printList } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS = [
  ['NAME', 'Name'],
  ['VERSION', 'Version'],
  ['WHERE', 'Isolation'],
  ['STATUS', 'Status'],
  ['DRIVERS', 'Drivers'],
] as const;

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template such as {{.Name}}' },
    quiet: { type: 'switch', short: 'q', help: 'Names only' },
  },
  details:
    'Status: `idle` (its code was not needed so far), `running`, `failing` (it ended by itself and has not been started again since),\n`disabled`. Drivers that cannot run on this host have a `!` before them; `shiplog plugin inspect` says why.',
  examples: [
    { command: 'shiplog plugin ls', what: 'what is installed, where it runs, what it provides' },
    { command: "shiplog plugin ls --format '{{.Name}} {{.Status}}'", what: 'for scripts' },
  ],
  async run(context, flags) {
    const { native } = await context.client();
    const rows = (await native.plugins()).map(({ name, version, isolation, enabled, status, drivers, ends }) => ({
      Name: name,
      Version: version,
      Isolation: isolation,
      Status: enabled ? status : 'disabled',
      Drivers: drivers.map((driver) => `${driver.probe.usable ? '' : '!'}${driver.kind}/${driver.name}`).join(', '),
      Ends: String(ends),
    }));
    printList(context, rows, COLUMNS, { format: flags.format, quiet: flags.quiet ? 'Name' : undefined });
    return EXIT.ok;
  },
});
