import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from './eventually.ts';
import { listenOnLoopback } from './listen.ts';
import type { Teardown } from './teardown.ts';

/** One request that a webhook got. */
export interface Hooked {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // oxlint-disable-next-line no-explicit-any
  readonly json: any;
  /** `performance.now()` when it was there whole. */
  readonly atMs: number;
  /** The same moment, Unix ms. */
  readonly wallMs: number;
}

/** A receiver of webhooks. */
export interface WebhookServer {
  readonly url: string;
  readonly got: Hooked[];
  /** How it answers from now on; 200 at once by default. */
  answer: (hooked: Hooked, response: ServerResponse) => void;
  /** The first that fits, there already or still to come. */
  first(what: string, fits: (hooked: Hooked) => boolean, withinMs?: number): Promise<Hooked>;
}

export async function startWebhookServer(cleanup: Teardown): Promise<WebhookServer> {
  const made: { url: string } & Omit<WebhookServer, 'url'> = {
    url: '',
    got: [],
    answer: (_hooked, response) => {
      response.end();
    },
    first: (what, fits, withinMs = 10_000) =>
      eventually(what, () => made.got.find(fits), withinMs, 5),
  };
  const listening = await listenOnLoopback(
    createServer((request, response) => {
      void text(request).then((body) => {
        const atMs = performance.now();
        const wallMs = Date.now();
        const hooked = { headers: request.headers, body, json: JSON.parse(body), atMs, wallMs };
        made.got.push(hooked);
        made.answer(hooked, response);
      });
    }),
  );
  cleanup.add('webhook', () => listening.close());
  made.url = listening.url;
  return made;
}
