import { enableCompileCache } from 'node:module';
import { ShiplogError } from '@shiplog/contracts/errors';
import { readConfig, usage } from './config.ts';

enableCompileCache();

/** Exit codes: 0 stopped as asked, 1 failed, 2 bad flags or config, 3 the host lacks something. */
const EXIT = { failed: 1, config: 2, host: 3 } as const;

try {
  const config = await readConfig(process.argv.slice(2));
  if (config === 'help') process.stdout.write(usage());
  else {
    // After the flags: --help and mistakes answer at once.
    const { runDaemon, VERSION } = await import('./run-daemon.ts');
    if (config === 'version') process.stdout.write(`shiplogd ${VERSION}\n`);
    else {
      // A teardown has no socket, and waiting for the end of a container holds nothing: this keeps the process.
      const held = setInterval(() => undefined, 2 ** 30);
      await runDaemon(config);
      clearInterval(held);
      // All is on disk; what is still connected to a container's output must not keep the process.
      process.exit(0);
    }
  }
} catch (thrown) {
  const error = ShiplogError.wrap(thrown);
  process.stderr.write(`shiplogd: ${error.message}\n`);
  if (error.class === 'bug') process.stderr.write(`${error.stack}\n${error.cause instanceof Error ? `${error.cause.stack}\n` : ''}`);
  process.exit(error.code === 'CONFIG_INVALID' ? EXIT.config : error.class === 'host' ? EXIT.host : EXIT.failed);
}
