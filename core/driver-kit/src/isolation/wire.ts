import type { Duplex } from 'node:stream';
import { ShiplogError } from '@shiplog/contracts';
import { MESSAGE_LIMIT } from './message.ts';

/** Messages in order, both ways. */
export interface Wire<Out, In> {
  /** Sends; after the other side is gone, nothing happens. */
  send(message: Out): void;
  /** Hears messages from now on. `ended` is told once: without an error when the other side closed properly. */
  listen(heard: (message: In) => void, ended: (error?: Error) => void): void;
  close(): void;
}

/** One JSON object a line over a stream. A line that is none, or is longer than 16 MiB, ends it. */
export function lineWire<Out, In>(stream: Duplex): Wire<Out, In> {
  return {
    send(message) {
      if (stream.writable) stream.write(`${JSON.stringify(message)}\n`);
    },
    listen(heard, ended) {
      const parts: string[] = [];
      let size = 0;
      let over = false;
      const end = (error?: Error): void => {
        if (over) return;
        over = true;
        stream.destroy();
        ended(error);
      };
      const take = (line: string): void => {
        if (over || line === '') return;
        let message: unknown;
        try {
          message = JSON.parse(line);
        } catch {
          return end(new ShiplogError('DRIVER_FAILED', `a line is no JSON: ${line.slice(0, 200)}`));
        }
        if (typeof message !== 'object' || message === null || Array.isArray(message))
          return end(new ShiplogError('DRIVER_FAILED', `a line is no message: ${line.slice(0, 200)}`));
        heard(message as In);
      };
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        let rest = chunk;
        for (let cut = rest.indexOf('\n'); cut >= 0; cut = rest.indexOf('\n')) {
          parts.push(rest.slice(0, cut));
          rest = rest.slice(cut + 1);
          const line = parts.join('');
          parts.length = 0;
          size = 0;
          take(line);
        }
        parts.push(rest);
        size += rest.length;
        if (size > MESSAGE_LIMIT) end(new ShiplogError('DRIVER_FAILED', `a message is longer than ${MESSAGE_LIMIT} bytes`));
      });
      stream.on('error', (error) => end(error));
      stream.on('close', () => end());
    },
    close: () => void stream.end(),
  };
}

/** What worker threads have at both ends. */
interface Port {
  postMessage(message: unknown): void;
  on(event: string, listener: (value: unknown) => void): unknown;
}

/** Messages over the port of a worker thread: copied, not written. Its end is told by whoever holds the thread. */
export function portWire<Out, In>(port: Port, close: () => void): Wire<Out, In> {
  return {
    send: (message) => port.postMessage(message),
    listen(heard, ended) {
      // Both ends of a thread are ours, and send nothing else.
      port.on('message', (message) => heard(message as In));
      port.on('messageerror', (error) => ended(error instanceof Error ? error : new Error(String(error))));
    },
    close,
  };
}
