import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@shiplog/test-support';

/** A message as rsyslog understood it. */
export interface SyslogMessage {
  readonly severity: string;
  readonly facility: string;
  readonly app: string;
  readonly msgid: string;
  readonly text: string;
}

const SEPARATOR = '\u0001';

/** A real rsyslogd in a directory of its own, on free ports of the loopback. */
export class Rsyslog {
  private constructor(
    private readonly directory: string,
    private readonly child: ChildProcess,
    readonly udp: number,
    readonly tcp: number,
    readonly tls: number,
  ) {}

  get socket(): string {
    return join(this.directory, 'log.sock');
  }

  get certificate(): string {
    return join(this.directory, 'cert.pem');
  }

  static async start(directory: string): Promise<Rsyslog> {
    const [udp, tcp, tls] = [await freePort(), await freePort(), await freePort()];
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost'.split(' ');
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    await promisify(execFile)('openssl', [...request, ...names, '-keyout', key, '-out', certificate]);
    const config = join(directory, 'rsyslog.conf');
    await writeFile(
      config,
      `global(workDirectory="${directory}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="${certificate}" defaultNetstreamDriverCertFile="${certificate}" defaultNetstreamDriverKeyFile="${key}")
module(load="imudp") module(load="imptcp" threads="1" processOnPoller="on") module(load="imuxsock" SysSock.Use="off")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imudp" address="127.0.0.1" port="${udp}")
input(type="imptcp" address="127.0.0.1" port="${tcp}")
input(type="imtcp" address="127.0.0.1" port="${tls}")
input(type="imuxsock" Socket="${join(directory, 'log.sock')}" RateLimit.Interval="0" ParseTrusted="off" Annotate="off" UseSpecialParser="off")
template(name="line" type="string" string="%syslogseverity-text%${SEPARATOR}%syslogfacility-text%${SEPARATOR}%app-name%${SEPARATOR}%msgid%${SEPARATOR}%msg%\\n")
action(type="omfile" file="${join(directory, 'messages')}" template="line")
`,
    );
    const child = spawn('rsyslogd', ['-n', '-f', config, '-i', join(directory, 'pid')], { stdio: 'ignore' });
    const server = new Rsyslog(directory, child, udp, tcp, tls);
    for (let tries = 0; !existsSync(server.socket); tries += 1) {
      if (tries > 1200 || child.exitCode !== null) throw new Error('rsyslogd did not come up within 60 s');
      await sleep(50);
    }
    return server;
  }

  async messages(): Promise<readonly SyslogMessage[]> {
    const text = await readFile(join(this.directory, 'messages'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [severity = '', facility = '', app = '', msgid = '', ...rest] = line.split(SEPARATOR);
        return { severity, facility, app, msgid, text: rest.join(SEPARATOR).replace(/^ /, '') };
      });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null) {
      this.child.kill();
      await gone;
    }
  }
}
