import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lackOfBusybox } from './static-busybox.ts';

const test = suite('conformance: a busybox for containers');

test('given no busybox, when it is looked for, then the package to install is told', async () => {
  assert.match((await lackOfBusybox('/nonexistent/busybox')) ?? '', /there is no \/nonexistent\/busybox; .*busybox-static/);
});

test('given a program that is linked with libraries, when it is taken for busybox, then it does not do', async () => {
  assert.match((await lackOfBusybox(process.execPath)) ?? '', /wants the libraries of this host; .*busybox-static/);
});

test('given the busybox of busybox-static, when it is looked for, then nothing is missing', async () => {
  assert.is(await lackOfBusybox(), undefined);
});

test.run();
