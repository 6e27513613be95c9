/** An answer of the collector's HTTP face. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line no-explicit-any
  readonly body: any;
}

/** The collector's HTTP face as rotation tooling uses it. */
export interface CollectorApi {
  get(path: string): Promise<ApiAnswer>;
  /** Carries the operator token. */
  post(path: string, body: unknown): Promise<ApiAnswer>;
}

export function collectorApi(url: string, token: string): CollectorApi {
  const ask = async (path: string, init: RequestInit): Promise<ApiAnswer> => {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };
  return {
    get: (path) => ask(path, {}),
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}
