import { parseArgs } from 'node:util';
import { createDriver, nextSteps } from './create-driver.ts';

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { language: { type: 'string', default: 'typescript' } } });
  const [family = '', name = ''] = positionals;
  const { directory, files } = await createDriver({ family, name, language: values.language, parent: process.cwd() });
  process.stdout.write(
    `${directory}: ${files.join(', ')}\nNext:\n${nextSteps(directory, process.cwd())
      .map((step) => `  ${step}\n`)
      .join('')}`,
  );
} catch (error) {
  process.stderr.write(
    `create-driver: ${error instanceof Error ? error.message : String(error)}\nUsage: create-driver FAMILY NAME [--language typescript|python]\n`,
  );
  process.exitCode = 1;
}
