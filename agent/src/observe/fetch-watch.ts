import type { FetchError } from '@keyturn/shared/model/report.ts';

/** Told about each attempt of a verifier to fetch its key set. */
export interface FetchListener {
  started(): void;
  failed(error: FetchError, thrown: unknown): void;
  /** The body was read as JSON; `ageS` is the response's `Age`. Whether it is taken shows later. */
  read(document: unknown, ageS: number): void;
  /** Something of the watching itself went wrong; the fetch did not notice. */
  fault(thrown: unknown): void;
}

/** As much of fetch as a key set needs. */
export type FetchLike = (url: never, init: never) => Promise<unknown>;

type Tell = (work: (listener: FetchListener) => void) => void;

interface JsonResponse {
  readonly status: number;
  readonly headers?: { get(name: string): string | null };
  json(): Promise<unknown>;
}

/**
 * `inner`, observed: same arguments, same response object, same errors. What the listener throws
 * stays with the listener; while there is none, nothing is told.
 */
export function watchFetch(
  inner: FetchLike,
  listenerOf: () => FetchListener | undefined,
): FetchLike {
  const tell: Tell = (work) => {
    const listener = listenerOf();
    if (listener === undefined) return;
    try {
      work(listener);
    } catch (thrown) {
      listener.fault(thrown);
    }
  };
  return async (url, init) => {
    tell((listener) => {
      listener.started();
    });
    let response: unknown;
    try {
      response = await inner(url, init);
    } catch (thrown) {
      tell((listener) => {
        listener.failed(fetchErrorOf(thrown), thrown);
      });
      throw thrown;
    }
    tell((listener) => {
      watchBody(response as JsonResponse, listener, tell);
    });
    return response;
  };
}

function watchBody(response: JsonResponse, listener: FetchListener, tell: Tell): void {
  if (response.status !== 200) return listener.failed('status', undefined);
  const ageS = Number(response.headers?.get('age') ?? 0);
  const read = response.json.bind(response);
  response.json = async () => {
    try {
      const value = await read();
      tell(() => {
        listener.read(value, Number.isFinite(ageS) && ageS > 0 ? ageS : 0);
      });
      return value;
    } catch (thrown) {
      tell(() => {
        const error = thrown instanceof SyntaxError ? 'not_json' : fetchErrorOf(thrown);
        listener.failed(error, thrown);
      });
      throw thrown;
    }
  };
}

/** The class of what a fetch threw: names and codes, undici's and Node's. */
function fetchErrorOf(thrown: unknown): FetchError {
  const names: string[] = [];
  let cause = thrown;
  for (let depth = 0; depth < 5 && typeof cause === 'object' && cause !== null; depth += 1) {
    const { name, code, cause: next } = cause as Readonly<Record<string, unknown>>;
    for (const text of [name, code]) if (typeof text === 'string') names.push(text);
    cause = next;
  }
  if (names.some((text) => /timeout/i.test(text) || text === 'ETIMEDOUT')) return 'timeout';
  if (names.some((text) => TLS.test(text))) return 'tls';
  if (names.some((text) => /^E[A-Z]+$/.test(text) || NETWORK.test(text))) return 'network';
  return names.includes('TypeError') ? 'network' : 'other';
}

const TLS =
  /^(?:ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;
const NETWORK = /^(?:UND_ERR_|EAI_|AbortError$)/;
