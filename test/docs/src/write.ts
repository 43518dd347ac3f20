import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { read, TOP } from './repository.ts';
import { replaceSection } from './section.ts';
import { SECTIONS } from './sections.ts';

// Makes all sections anew: `node test/docs/dist/write.js`.
for (const { page, name, make } of SECTIONS) {
  const before = await read(page);
  const after = replaceSection(before, name, await make());
  if (after === before) continue;
  await writeFile(join(TOP, page), after);
  process.stdout.write(`${page}: ${name}\n`);
}
