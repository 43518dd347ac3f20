import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpadded } from './markdown.ts';
import { read, TOP } from './repository.ts';
import { replaceSection, sectionOf } from './section.ts';
import { SECTIONS } from './sections.ts';

// Makes all sections anew: `node test/docs/dist/write.js`.
for (const { page, name, make } of SECTIONS) {
  const before = await read(page);
  const body = await make();
  if (unpadded(sectionOf(before, name)) === unpadded(body)) continue;
  await writeFile(join(TOP, page), replaceSection(before, name, body));
  process.stdout.write(`${page}: ${name}\n`);
}
