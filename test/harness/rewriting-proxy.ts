import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from './listen.ts';
import type { Teardown } from './teardown.ts';

/**
 * Stands before a collector and puts other texts in place of some in all it says as JSON, and the same
 * back again in what it is asked: a collector that let such texts in. Gives its address.
 *
 * @param texts plain words that occur nowhere else → what a reader gets
 */
export async function startRewritingProxy(
  teardown: Teardown,
  collectorUrl: string,
  texts: ReadonlyMap<string, string>,
): Promise<string> {
  const { hostname, port, host } = new URL(collectorUrl);
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { origin: _origin, ...headers } = incoming.headers;
    const onward = request(
      {
        hostname,
        port,
        method: incoming.method,
        path: asked(incoming.url ?? '/', texts),
        headers: { ...headers, host, 'accept-encoding': 'identity' },
        agent: false,
      },
      (response) => {
        const { 'content-length': _length, ...headers } = response.headers;
        outgoing.writeHead(response.statusCode ?? 502, headers);
        if (!/json|event-stream/.test(headers['content-type'] ?? ''))
          return response.pipe(outgoing);
        return rewrite(response, outgoing, texts);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
  const listening = await listenOnLoopback(createServer(answer));
  teardown.add('rewriting proxy', () => listening.close());
  return listening.url;
}

function rewrite(
  response: IncomingMessage,
  outgoing: ServerResponse,
  texts: ReadonlyMap<string, string>,
): void {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    rest += chunk;
    // Only whole lines: a word may be cut by the end of a chunk.
    const end = rest.lastIndexOf('\n') + 1;
    outgoing.write(said(rest.slice(0, end), texts));
    rest = rest.slice(end);
  });
  response.on('end', () => outgoing.end(said(rest, texts)));
  response.on('error', () => outgoing.destroy());
}

/** JSON with each text in place of its word, as key or as value. */
function said(json: string, texts: ReadonlyMap<string, string>): string {
  let text = json;
  for (const [word, other] of texts)
    text = text.replaceAll(word, JSON.stringify(other).slice(1, -1));
  return text;
}

/** The address with each word in place of its text, however a browser wrote it. */
function asked(path: string, texts: ReadonlyMap<string, string>): string {
  const { pathname, searchParams } = new URL(path, 'http://collector');
  const parts = pathname
    .split('/')
    .map((part) => encodeURIComponent(meant(decodeURIComponent(part), texts)));
  const query = new URLSearchParams(
    [...searchParams].map(([name, value]) => [name, meant(value, texts)] as [string, string]),
  );
  return parts.join('/') + (query.size === 0 ? '' : `?${query.toString()}`);
}

function meant(part: string, texts: ReadonlyMap<string, string>): string {
  let text = part;
  for (const [word, other] of texts) {
    const whole = other.toWellFormed();
    // A filter within a view's name is an address within an address.
    const asQuery = new URLSearchParams({ _: whole }).toString().slice('_='.length);
    const asPart = encodeURIComponent(whole);
    for (const written of [whole, asQuery, asPart, asPart.replaceAll("'", '%27')]) {
      text = text.replaceAll(written, word);
    }
  }
  return text;
}
