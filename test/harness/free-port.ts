import { createServer } from 'node:http';
import { listenOnLoopback } from './listen.ts';

// Below the range the kernel takes outgoing ports from, so that a port stays free between two starts
// of a server that has to come back to the same one.
const FROM = 20_000;
const COUNT = 12_000;

/** A port of 127.0.0.1 that nobody uses now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * COUNT);
    try {
      const listening = await listenOnLoopback(createServer(), port);
      await listening.close();
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
