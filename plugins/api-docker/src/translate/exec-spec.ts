import type { ExecSpec } from '@shiplog/contracts';
import { parseDetachKeys } from '../http/detach-keys.ts';
import type { Fields } from '../http/fields.ts';
import { invalid } from './refusals.ts';

/** A body of `POST /containers/{id}/exec`; `env` is still in the clear. Throws REQUEST_INVALID and SPEC_INVALID. */
export function translateExec(body: Fields): { readonly spec: Omit<ExecSpec, 'env'>; readonly env: readonly string[] } {
  const command = body.words('Cmd') ?? [];
  if (command.length === 0) throw invalid('No exec command specified');
  const detachKeys = body.string('DetachKeys');
  if (detachKeys !== '') parseDetachKeys(detachKeys);
  const [rows = 0, columns = 0] = body.integers('ConsoleSize');
  const spec = {
    command,
    user: body.string('User'),
    workingDir: body.string('WorkingDir'),
    tty: body.boolean('Tty'),
    attachStdin: body.boolean('AttachStdin'),
    attachStdout: body.boolean('AttachStdout'),
    attachStderr: body.boolean('AttachStderr'),
    ...(detachKeys === '' ? {} : { detachKeys }),
    privileged: body.boolean('Privileged'),
    ...(rows > 0 && columns > 0 ? { consoleSize: { rows, columns } } : {}),
  };
  return { spec, env: body.strings('Env') };
}
