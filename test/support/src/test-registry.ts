import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';
import { PATIENCE } from './patience.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/** Where set-up unpacks Debian's docker-registry. */
const BIN = fileURLToPath(new URL('../../../node_modules/.cache/docker-registry/usr/bin/docker-registry', import.meta.url));
const START_MS = 60_000;
const ADDRESS = /listening on (127\.0\.0\.1:\d+)/;

/** Who may use a registry: whoever knows a password, or has a token of somebody whom it trusts. */
export type RegistryAccess =
  | { readonly htpasswd: { readonly username: string; readonly password: string } }
  | { readonly token: { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificate: string } };

/** The distribution project's registry, on loopback, with a directory of its own. */
export class TestRegistry {
  private constructor(
    /** `127.0.0.1:PORT`. */
    readonly host: string,
    private readonly child: ChildProcess,
    private readonly scratch: TemporaryDirectory,
  ) {}

  static async start(allowed?: RegistryAccess): Promise<TestRegistry> {
    await access(BIN).catch(() => {
      throw new Error(`${BIN} is missing: run sh plugins/setup/setup.sh --for-tests`);
    });
    const scratch = await temporaryDirectory('shiplog-registry-');
    const config = join(scratch.path, 'config.yml');
    // JSON is YAML.
    await writeFile(config, JSON.stringify(await configIn(scratch.path, allowed)));
    const child = spawn(BIN, ['serve', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    });
    try {
      return new TestRegistry(await addressOf(child), child, scratch);
    } catch (error) {
      child.kill('SIGKILL');
      await scratch.cleanup();
      throw error;
    }
  }

  /** Has skopeo put an image into it, byte by byte unless flags say otherwise: `source` as skopeo has it (`oci:/a/directory:tag`). */
  async push(source: string, name: string, flags: readonly string[] = ['--preserve-digests']): Promise<void> {
    const words = ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false', ...flags, source, `docker://${this.host}/${name}`];
    const { code, stderr } = await run('skopeo', words);
    if (code !== 0) throw new Error(`skopeo: ${stderr}`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await gone;
    }
    await this.scratch.cleanup();
  }
}

async function configIn(directory: string, allowed: RegistryAccess | undefined): Promise<object> {
  const auth = allowed === undefined ? {} : { auth: await authIn(directory, allowed) };
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
    ...auth,
  };
}

async function authIn(directory: string, allowed: RegistryAccess): Promise<object> {
  if ('token' in allowed) {
    const { realm, service, issuer, certificate } = allowed.token;
    return { token: { realm, service, issuer, rootcertbundle: certificate } };
  }
  const { username, password } = allowed.htpasswd;
  const path = join(directory, 'htpasswd');
  // bcrypt by crypt(3); four rounds, since this guards nothing.
  const hashed = await run('perl', ['-e', 'print crypt(<STDIN>, q($2b$04$abcdefghijklmnopqrstuu))'], { input: password });
  await writeFile(path, `${username}:${hashed.stdout}\n`);
  return { htpasswd: { realm: 'test', path } };
}

/** What it says where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`docker-registry did not listen: ${said}`)), START_MS * PATIENCE);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      then();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', () => settle(() => reject(new Error(`docker-registry ended: ${said}`))));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 65_536) said += text;
      const [, address] = ADDRESS.exec(said) ?? [];
      if (address !== undefined) settle(() => resolve(address));
    });
  });
}
