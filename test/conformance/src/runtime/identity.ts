import assert from 'node:assert/strict';
import { type AddCheck, assertFails, type Lab } from './lab.ts';

async function said(lab: Lab, command: string, asked: Parameters<Lab['run']>[1] = {}): Promise<string> {
  const { stdout, stderr } = await lab.run(['/bin/sh', '-c', command], asked);
  return (stdout + stderr).trim();
}

const IDS = 'echo $(id -u):$(id -g) $(id -G) $HOME';

export function identityChecks(check: AddCheck): void {
  const users: readonly (readonly [string, readonly string[], string])[] = [
    ['', [], '0:0 0 /root'],
    ['root', [], '0:0 0 /root'],
    ['app', [], '1000:1000 1000 2000 /home/app'],
    ['1000', [], '1000:1000 1000 2000 /home/app'],
    ['app:extra', [], '1000:2000 2000 /home/app'],
    ['app:3000', [], '1000:3000 3000 /home/app'],
    ['4321', [], '4321:0 0 /'],
    ['4321:8765', ['extra', '77'], '4321:8765 8765 77 2000 /'],
  ];
  for (const [user, groups, expected] of users) {
    check(`given user '${user}' and groups [${groups.join()}], when it runs, then it is ${expected}`, async (lab) => {
      const words = (await said(lab, IDS, { user, groups })).split(' ');
      const [ids, ...rest] = expected.split(' ');
      assert.equal(words[0], ids);
      assert.deepEqual(words.slice(1).toSorted(), rest.toSorted());
    });
  }

  check(
    'given a user or group that is not in the root file system, when it is created, then the error names it and nothing stays',
    async (lab) => {
      await assertFails(
        lab.create(['/bin/true'], { user: 'x' }),
        'SPEC_INVALID',
        /unable to find user x: no matching entries in passwd file/,
      );
      await assertFails(
        lab.create(['/bin/true'], { user: 'app:y' }),
        'SPEC_INVALID',
        /unable to find group y: no matching entries in group file/,
      );
      await lab.assertNothingRemains();
    },
  );

  check('given an exec session as another user, when it runs, then it is that user', async (lab) => {
    const id = await lab.up(['/bin/sleep', '1000']);
    assert.equal((await lab.exec(id, ['/bin/sh', '-c', IDS], { user: 'app' })).stdout.trim(), '1000:1000 1000 2000 /home/app');
  });

  check('given the default seccomp profile, when it runs, then system calls are filtered; unconfined, then not', async (lab) => {
    assert.equal(await said(lab, 'grep Seccomp: /proc/self/status'), 'Seccomp:\t2');
    assert.equal(await said(lab, 'grep Seccomp: /proc/self/status', { seccomp: 'unconfined' }), 'Seccomp:\t0');
  });

  check('given a seccomp profile that is no JSON, when it is created, then it fails SPEC_INVALID and nothing stays', async (lab) => {
    await assertFails(lab.create(['/bin/true'], { seccomp: '{' }), 'SPEC_INVALID');
    await lab.assertNothingRemains();
  });

  check("given a user who is not root, when it runs, then it has no capabilities; root has no more than its spec's", async (lab) => {
    assert.equal(await said(lab, 'grep CapEff /proc/self/status', { user: 'app' }), 'CapEff:\t0000000000000000');
    const bounding = BigInt(`0x${(await said(lab, 'grep CapBnd /proc/self/status')).split('\t')[1] ?? ''}`);
    const sysAdmin = 1n << 21n;
    assert.equal(bounding & sysAdmin, 0n);
    assert.notEqual(bounding, 0n);
  });

  check('given files for the bundle, when they are mounted, then the container reads them', async (lab) => {
    const args = lab.createArgs(['/bin/cat', '/etc/greeting'], { files: { greeting: 'hello\n' } });
    const spec = args.spec as { readonly mounts: readonly object[] };
    const mounts = [...spec.mounts, { destination: '/etc/greeting', type: 'bind', source: 'bundle:greeting', options: ['bind', 'ro'] }];
    await lab.driver.create({ ...args, spec: { ...spec, mounts } }, lab.ctx());
    const channel = await lab.driver.attach({ id: args.id });
    await lab.driver.start({ id: args.id }, lab.ctx());
    assert.equal((await lab.finish(channel, { id: args.id })).stdout, 'hello\n');
  });
}
