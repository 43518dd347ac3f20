// Takes an archive into a root file system, and dies in it: node extract.test.script.js ROOT ARCHIVE LAST.
import { createReadStream } from 'node:fs';
import { dieDoing, interceptAll } from '@shiplog/conformance/crash';
import { createKernel } from '@shiplog/kernel-linux';

const [, , root = '', archive = '', last = ''] = process.argv;
const kernel = createKernel();
interceptAll(kernel);
// What it takes of node:fs is intercepted by now.
const { LinuxContainerFiles } = await import('./linux-container-files.ts');
const driver = new LinuxContainerFiles(kernel);
const mounts = [{ source: `${root}-volume`, target: '/data/volume', readonly: false }];
await dieDoing(Number(last), async () => {
  const files = await driver.open({ root, readonly: false, mounts });
  await files.extract('/', createReadStream(archive), { keepKinds: false });
  await files.close();
});
