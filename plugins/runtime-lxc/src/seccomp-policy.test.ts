import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { seccompPolicy } from './seccomp-policy.ts';

const test = suite('runtime-lxc: seccomp policy');

test('given an OCI profile, when it is written for LXC, then each rule has its action and its conditions', () => {
  const policy = seccompPolicy({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    syscalls: [
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
      { names: ['bpf'], action: 'SCMP_ACT_ERRNO' },
      { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
      // The mask comes first in OCI's, what is compared with in LXC's.
      { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 2114060288, valueTwo: 5, op: 'SCMP_CMP_MASKED_EQ' }] },
      { names: ['acct'], action: 'SCMP_ACT_KILL_PROCESS' },
    ],
  });
  assert.equal(policy.split('\n'), [
    '2',
    'allowlist errno 38',
    '[all]',
    'read allow',
    'write allow',
    'bpf errno 1',
    'personality allow [0,8,SCMP_CMP_EQ]',
    'clone allow [0,5,SCMP_CMP_MASKED_EQ,2114060288]',
    'acct kill',
    '',
  ]);
});

test('given an action that LXC lacks, when the profile is written for it, then it fails SPEC_INVALID and names the action', () => {
  const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }] };
  assert.throws(
    () => seccompPolicy(profile),
    (error: unknown) => error instanceof ShiplogError && error.code === 'SPEC_INVALID' && error.message.includes('SCMP_ACT_NOTIFY'),
  );
});

test.run();
