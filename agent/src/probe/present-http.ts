import type { IncomingMessage } from 'node:http';
import type { Clock } from '@keyturn/shared/clock.ts';
import { oneAnswer } from '@keyturn/shared/http/one-answer.ts';
import type { Present, Presented } from './present.ts';
import { UNREACHABLE } from './present.ts';

/** The endpoint of one verifier that is asked. */
export interface ProbeEndpoint {
  readonly url: URL;
  /** Header the token goes into. */
  readonly header: string;
  /** In front of the token; empty: nothing. */
  readonly scheme: string;
  /** Statuses that mean accepted, and those that mean rejected; every other one means neither. */
  readonly accept: (status: number) => boolean;
  readonly reject: (status: number) => boolean;
  /** For everything: name, connection, headers. */
  readonly timeoutMs: number;
  /** PEM text of the authorities to trust instead of the machine's own; null for those. */
  readonly ca: string | null;
  readonly clock: Clock;
  readonly userAgent: string;
}

/**
 * Presents tokens with one GET each, to the configured address and no other: redirects are answers
 * that say nothing, the body is not read. Each has a connection of its own, so that nothing of one
 * token is there for the next. No answer, or none in time, is no evidence.
 */
export function httpPresenter(endpoint: ProbeEndpoint): Present {
  return async (token) => {
    const deadline = new AbortController();
    const cancel = endpoint.clock.after(endpoint.timeoutMs, () => {
      deadline.abort();
    });
    try {
      const response = await answerOf(endpoint, token, deadline.signal);
      response.on('error', () => undefined);
      response.destroy();
      return readingOf(endpoint, response.statusCode ?? 0);
    } catch {
      return UNREACHABLE;
    } finally {
      cancel();
    }
  };
}

function readingOf(endpoint: ProbeEndpoint, status: number): Presented {
  if (endpoint.accept(status)) return { outcome: 'accepted', status };
  return { outcome: endpoint.reject(status) ? 'rejected' : 'unclear', status };
}

function answerOf(
  endpoint: ProbeEndpoint,
  token: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { url, header, scheme, ca, userAgent } = endpoint;
  return oneAnswer(url, {
    authorities: ca,
    method: 'GET',
    signal,
    headers: {
      accept: '*/*',
      'user-agent': userAgent,
      'cache-control': 'no-cache',
      [header]: scheme === '' ? token : `${scheme} ${token}`,
    },
  });
}
