import { type IncomingMessage, type RequestOptions, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Asked extends RequestOptions {
  /** PEM text of the authorities to trust instead of the machine's own; null for those. */
  readonly authorities: string | null;
  /** Sent as it is; none by default. */
  readonly body?: string;
}

/**
 * Asks over a connection of its own, through no proxy and without following redirects. Settles however
 * the connection ends: a server that switches protocols unasked gives neither an answer nor an error.
 *
 * @throws Error when no answer comes, or the signal aborts.
 */
export function oneAnswer(
  url: URL,
  { authorities, body, ...options }: Asked,
): Promise<IncomingMessage> {
  const alone = { ...options, agent: false };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, authorities === null ? alone : { ...alone, ca: authorities })
        : httpRequest(url, alone);
    request
      .once('response', resolve)
      .on('error', reject)
      .once('close', () => {
        reject(new Error('the connection ended without an answer'));
      })
      .end(body);
  });
}
