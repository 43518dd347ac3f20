import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { ShiplogError } from '@shiplog/contracts';
import type { PluginAddress } from './find-plugin.ts';

const MEDIA_TYPE = 'application/vnd.docker.plugins.v1.2+json';
/** No answer of the protocol is nearly as long. */
const LONGEST_ANSWER = 16 << 20;

type Answer = { readonly [field: string]: unknown };

/** Speaks Docker's plugin protocol: JSON over HTTP POST, one call a request. */
export class PluginClient {
  #isActivated = false;

  constructor(
    private readonly name: string,
    private readonly address: PluginAddress,
  ) {}

  /** Calls `VolumeDriver.<verb>`. Throws DRIVER_FAILED with the plugin's own words, or DRIVER_UNAVAILABLE when it cannot be reached. */
  async call(verb: string, body: object, signal: AbortSignal): Promise<Answer> {
    // Those who come before the first answer each ask for themselves: it may be said twice, and none is canceled with another.
    if (!this.#isActivated) await this.#activate(signal);
    const { status, answer } = await this.#post(`/VolumeDriver.${verb}`, body, signal);
    const told = typeof answer.Err === 'string' ? answer.Err : '';
    if (told !== '') throw this.#failed(verb, told);
    if (status !== 200) throw this.#failed(verb, typeof answer.message === 'string' ? answer.message : `HTTP status ${status}`);
    return answer;
  }

  async #activate(signal: AbortSignal): Promise<void> {
    const { answer } = await this.#post('/Plugin.Activate', undefined, signal);
    const { Implements: offers } = answer;
    if (!Array.isArray(offers) || !offers.includes('VolumeDriver'))
      throw new ShiplogError(
        'DRIVER_UNAVAILABLE',
        `plugin "${this.name}" is no volume driver: it implements ${JSON.stringify(offers ?? null)}`,
        {
          name: this.name,
        },
      );
    this.#isActivated = true;
  }

  #failed(verb: string, told: string): ShiplogError {
    return new ShiplogError('DRIVER_FAILED', `VolumeDriver.${verb}: ${told}`, { kind: 'volume', name: this.name, verb });
  }

  #post(path: string, body: object | undefined, signal: AbortSignal): Promise<{ readonly status: number; readonly answer: Answer }> {
    const { tls, ...where } = this.address;
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE, 'content-length': Buffer.byteLength(content) };
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void =>
        reject(
          signal.aborted
            ? signal.reason
            : new ShiplogError(
                'DRIVER_UNAVAILABLE',
                `plugin "${this.name}" does not answer: ${error instanceof Error ? error.message : String(error)}`,
                { name: this.name },
                { cause: error },
              ),
        );
      const sent = (tls === undefined ? requestPlain : requestTls)(
        { ...where, ...tls, method: 'POST', path, headers, agent: false, signal },
        (response) => {
          const chunks: Buffer[] = [];
          let length = 0;
          response.on('data', (chunk: Buffer) => {
            length += chunk.length;
            if (length > LONGEST_ANSWER) response.destroy(new Error('its answer is too long'));
            else chunks.push(chunk);
          });
          response.on('error', fail);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            try {
              const parsed: unknown = text.trim() === '' ? {} : JSON.parse(text);
              resolve({ status: response.statusCode ?? 0, answer: (typeof parsed === 'object' ? (parsed ?? {}) : {}) as Answer });
            } catch (error) {
              if ((response.statusCode ?? 0) >= 400)
                resolve({ status: response.statusCode ?? 0, answer: { message: text.trim().slice(0, 500) } });
              else fail(error);
            }
          });
        },
      );
      sent.on('error', fail);
      sent.end(content);
    });
  }
}
