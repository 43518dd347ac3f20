import { join } from 'node:path';
import { busyboxArchive, busyboxLayout, temporaryDirectory, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { collect, type Keys } from './collect.ts';
import { questions, VERSIONS } from './questions.ts';
import { makeWorld } from './world.ts';

/** Keys by version of the API, then by route. */
export type Table = { readonly [version: string]: Keys };

/** What an engine of this tree answers, started for that. */
export async function engineKeys(): Promise<Table> {
  const scratch = await temporaryDirectory('shiplog-keys-');
  const registry = await TestRegistry.start();
  const daemon = await TestDaemon.start();
  try {
    const [archive, layout] = [join(scratch.path, 'busybox.tar'), join(scratch.path, 'layout')];
    await busyboxArchive(archive, 'busybox:test');
    await busyboxLayout(layout, 'latest');
    await registry.push(`oci:${layout}:latest`, 'app:1');
    const asked = questions(await makeWorld(daemon, archive), registry.host);
    const table: { [version: string]: Keys } = {};
    for (const version of VERSIONS) table[version] = await collect(daemon.socket, version, asked);
    return table;
  } finally {
    await daemon.destroy();
    await registry.stop();
    await scratch.cleanup();
  }
}
