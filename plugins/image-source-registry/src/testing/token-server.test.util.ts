import { createSign, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { run } from '@shiplog/test-support';
import { ScriptedRegistry } from './scripted-registry.test.util.ts';

export const SERVICE = 'registry.test';
export const ISSUER = 'token.test';

/** Hands out tokens (Docker's token specification; JWT, RFC 7519) that a registry believes, to whom it knows; to others for `public/…` alone. */
export class TokenServer implements AsyncDisposable {
  private constructor(
    private readonly server: ScriptedRegistry,
    readonly certificate: string,
  ) {}

  static async start(directory: string, { username, password, identityToken }: { readonly [part: string]: string }): Promise<TokenServer> {
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
    const words = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      '-days',
      '2',
      '-subj',
      '/CN=token.test',
    ];
    const made = await run('openssl', words);
    if (made.code !== 0) throw new Error(made.stderr);
    const sign = signer(await readFile(key, 'utf8'), await readFile(certificate, 'utf8'));
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
      const form = request.method === 'POST' ? new URLSearchParams(body) : new URL(request.url ?? '', 'http://h').searchParams;
      const isKnown = request.method === 'POST' ? form.get('refresh_token') === identityToken : request.headers.authorization === basic;
      if (!isKnown && (request.method === 'POST' || request.headers.authorization !== undefined))
        return void response.writeHead(401, { 'content-type': 'application/json' }).end('{"details":"incorrect username or password"}');
      const access = form
        .getAll('scope')
        .flatMap((scope) => scope.split(' '))
        .map((scope) => /^repository:(.+):([a-z,]+)$/.exec(scope))
        .filter((scope) => scope !== null && (isKnown || (scope[1] ?? '').startsWith('public/')))
        .map((scope) => ({ type: 'repository', name: scope?.[1], actions: (scope?.[2] ?? '').split(',') }));
      const token = sign(access);
      response.end(JSON.stringify(request.method === 'POST' ? { access_token: token, expires_in: 300 } : { token, expires_in: 300 }));
    };
    return new TokenServer(await ScriptedRegistry.start(answer), certificate);
  }

  get realm(): string {
    return `http://${this.server.host}/token`;
  }

  /** How often it was asked for tokens. */
  get asked(): number {
    return this.server.seen.length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

function signer(key: string, certificate: string): (access: readonly object[]) => string {
  const x5c = [certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')];
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return (access) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: ISSUER, sub: 'me', aud: SERVICE, exp: now + 300, nbf: now - 60, iat: now, jti: randomUUID(), access };
    const text = `${part({ typ: 'JWT', alg: 'RS256', x5c })}.${part(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
  };
}
