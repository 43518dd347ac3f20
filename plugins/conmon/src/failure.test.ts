import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure } from './failure.ts';

const test = suite('conmon: what a runtime said');

// As crun 1.8.1 and runc 1.1.5 say it.
const cases: readonly (readonly [string, string | undefined, string, string])[] = [
  [
    'executable file `nope` not found in $PATH: No such file or directory',
    'nope',
    'COMMAND_NOT_FOUND',
    'exec: "nope": executable file not found in $PATH: unknown',
  ],
  [
    'executable file `/bin/nope` not found in $PATH: No such file or directory',
    '/bin/nope',
    'COMMAND_NOT_FOUND',
    'exec: "/bin/nope": stat /bin/nope: no such file or directory: unknown',
  ],
  ['open executable: Permission denied', '/etc/plain', 'COMMAND_NOT_EXECUTABLE', 'exec: "/etc/plain": permission denied: unknown'],
  ['open executable: Operation not permitted', '/etc', 'COMMAND_NOT_EXECUTABLE', 'exec: "/etc": permission denied: unknown'],
  [
    'exec container process `/etc/bad`: Exec format error',
    undefined,
    'COMMAND_NOT_EXECUTABLE',
    'exec: "/etc/bad": exec format error: unknown',
  ],
  [
    'exec container process (missing dynamic library?) `/etc/bad`: No such file or directory',
    undefined,
    'COMMAND_NOT_FOUND',
    'stat /etc/bad: no such file or directory: unknown',
  ],
  ['chdir `/not/here`: No such file or directory', undefined, 'COMMAND_NOT_FOUND', 'chdir `/not/here`: no such file or directory: unknown'],
  ['chdir `/etc/plain`: Not a directory', undefined, 'RUNTIME_FAILED', 'chdir `/etc/plain`: Not a directory: unknown'],
  ["error stat'ing file `/no/source`: No such file or directory", undefined, 'RUNTIME_FAILED', 'No such file or directory: unknown'],
  [
    'time="2026-11-24T03:23:04Z" level=error msg="runc create failed: unable to start container process: exec: \\"nope\\": executable file not found in $PATH"',
    undefined,
    'COMMAND_NOT_FOUND',
    'unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
  ],
  [
    '{"level":"error","msg":"runc create failed: unable to start container process: exec: \\"/bin/nope\\": stat /bin/nope: no such file or directory","time":"2026-11-24T03:23:04Z"}',
    undefined,
    'COMMAND_NOT_FOUND',
    'exec: "/bin/nope": stat /bin/nope: no such file or directory: unknown',
  ],
  [
    '{"msg":"open executable: Permission denied","level":"error"}',
    '/etc/plain',
    'COMMAND_NOT_EXECUTABLE',
    'exec: "/etc/plain": permission denied: unknown',
  ],
  ['exec /etc/garbage: exec format error', undefined, 'COMMAND_NOT_EXECUTABLE', 'exec: "/etc/garbage": exec format error: unknown'],
  [
    'time="2026-11-24T03:23:05Z" level=error msg="runc exec failed: unable to start container process: exec: \\"/etc\\": permission denied"',
    undefined,
    'COMMAND_NOT_EXECUTABLE',
    'exec: "/etc": permission denied: unknown',
  ],
  ['', undefined, 'RUNTIME_FAILED', 'no reason given: unknown'],
  ['a warning\nthe reason', undefined, 'RUNTIME_FAILED', 'the reason: unknown'],
  ['{"no json', undefined, 'RUNTIME_FAILED', '{"no json: unknown'],
];
for (const [said, command, code, end] of cases) {
  test(`given '${said.slice(0, 70)}', when it is read, then it is ${code}`, () => {
    const error = failure(said, 'create', command);
    assert.is(error.code, code);
    assert.ok(error.message.endsWith(end), error.message);
    assert.ok(error.message.startsWith('failed to create task for container: '));
    assert.ok(failure(said, 'exec', command).message.startsWith('OCI runtime exec failed: '));
  });
}
test.run();
