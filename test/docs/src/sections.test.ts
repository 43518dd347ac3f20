import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unpadded } from './markdown.ts';
import { read } from './repository.ts';
import { sectionOf } from './section.ts';
import { SECTIONS } from './sections.ts';

const test = suite('documentation: made sections');

for (const { page, name, make } of SECTIONS) {
  test(`given ${page}, when its section "${name}" is made anew, then it says the same (else run node test/docs/dist/write.js)`, async () => {
    assert.equal(unpadded(sectionOf(await read(page), name)), unpadded(await make()));
  });
}

test.run();
