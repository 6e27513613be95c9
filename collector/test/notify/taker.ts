import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { origin } from '../issuer/origin.ts';

/** One request a taker got. */
export interface Taken {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON. */
  // oxlint-disable-next-line no-explicit-any
  readonly json: any;
}

/** A real receiver of one's own, on loopback. */
export interface Taker {
  readonly url: string;
  readonly taken: Taken[];
  /** How it answers from now on; 200 without a body by default. */
  answer: (taken: Taken, response: ServerResponse) => void;
}

export async function taker(t: Test): Promise<Taker> {
  const made: { url: string; taken: Taken[]; answer: Taker['answer'] } = {
    url: '',
    taken: [],
    answer: (_taken, response) => {
      response.end();
    },
  };
  made.url = await origin(t, (request, response) => {
    void take(request).then((taken) => {
      made.taken.push(taken);
      made.answer(taken, response);
    });
  });
  return made;
}

async function take(request: IncomingMessage): Promise<Taken> {
  const body = await text(request);
  const { url = '', headers } = request;
  return {
    url,
    headers,
    body,
    get json() {
      return JSON.parse(body);
    },
  };
}
