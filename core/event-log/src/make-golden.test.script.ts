// Makes the golden log of a release: node dist/make-golden.test.script.js VERSION. Run once a release; never for an old one.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NewEvent } from '@shiplog/contracts';
import { openLevelLog } from './disk/level-log.ts';
import { all, counter, IDENTITY, sample, samples, STAMP } from './samples.test.util.ts';

const version = process.argv[2];
if (version === undefined) throw new Error('which version?');
const golden = fileURLToPath(new URL(`../golden/${version}/`, import.meta.url));
const directory = `${golden}log`;
await mkdir(dirname(golden), { recursive: true });
// Fails if it is there: a golden log is never made again.
await mkdir(golden);

const started: NewEvent = {
  stream: 'engine',
  type: 'engine.started',
  kind: 'meta',
  data: { version, instance: IDENTITY.inst, bootId: IDENTITY.boot, clean: true, config: { 'log-level': 'info', 10: 'ten', 9: 'nine' } },
};
const killed: NewEvent = {
  stream: 'container/é€😀',
  type: 'container.kill.failed',
  kind: 'outcome',
  cause: 1,
  sv: 2,
  tags: ['name:wéb', 'port:tcp:8080'],
  driver: { kind: 'runtime', name: 'oci' },
  result: {
    status: 'failed',
    ms: 1.5,
    step: 'signal',
    error: { code: 'RUNTIME_FAILED', message: 'quote " and \u2028', facts: { errno: -3 } },
  },
  data: {},
};
const actor = { scheme: 'unix', uid: 0, gid: 0, pid: 1, start: 2 } as const;
const req = { method: 'POST', route: '/containers/{id}/kill', api: '1.47', agent: 'golden', id: 'r' };

const newId = counter();
const open = (): ReturnType<typeof openLevelLog> => openLevelLog({ ...IDENTITY, directory, newId });
let log = await open();
await log.append({ stamp: STAMP, events: [started] }).durable;
await log.append({ stamp: { ...STAMP, actor, req, idem: 'key' }, events: [sample(0), killed] }).durable;
await log.append(samples(1, 80)).durable;
await log.close();
// Opening moves what was written so far into a table, so that the golden log has both of LevelDB's file formats.
log = await open();
await log.append(samples(80, 84)).durable;
const events = await all(log.read());
const { head } = await log.verify();
await log.close();
for (const own of ['LOG', 'LOG.old', 'LOCK']) await rm(`${directory}/db/${own}`, { force: true });
await writeFile(`${golden}root`, `${head}\n`);
await writeFile(`${golden}events.jsonl`, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
