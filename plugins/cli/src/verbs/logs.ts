import { UsageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { writeTo } from '../terminal/session.ts';
import { unixTime } from '../unix-time.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER',
  args: [1, 1],
  complete: 'container',
  options: {
    follow: { type: 'switch', short: 'f', help: 'Go on with what it prints' },
    tail: { type: 'text', short: 'n', value: 'N', help: 'Last lines only; all' },
    since: { type: 'text', value: 'TIME', help: 'From a time or duration ago on (10m, 2026-01-31)' },
    until: { type: 'text', value: 'TIME', help: 'Up to a time or duration ago' },
    timestamps: { type: 'switch', short: 't', help: 'Show when each line was printed' },
    details: { type: 'switch', help: 'Show attributes the log driver keeps' },
  },
  examples: [{ command: 'shiplog logs -f --since 10m web', what: 'the last ten minutes, and on' }],
  async run(context, flags, [name = '']) {
    if (flags.tail !== undefined && !/^(all|\d+)$/.test(flags.tail))
      throw new UsageError(`--tail takes a number or all, not "${flags.tail}"`);
    const { docker } = await context.client();
    const details = await docker.inspectContainer(name);
    const output = await docker.logs(
      details.Id,
      {
        stdout: true,
        stderr: true,
        follow: flags.follow,
        timestamps: flags.timestamps,
        details: flags.details,
        ...(flags.tail === undefined ? {} : { tail: flags.tail }),
        ...(flags.since === undefined ? {} : { since: unixTime(context, flags.since, 'first') }),
        ...(flags.until === undefined ? {} : { until: unixTime(context, flags.until, 'last') }),
      },
      details.Config.Tty,
    );
    for await (const { stream, data } of output) await writeTo(stream === 1 ? context.stdout : context.stderr, data);
    return EXIT.ok;
  },
});
