import { messageOf } from '@keyturn/shared/errors.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import { z } from 'zod';
import { VerdictSchema } from '../api/schemas/verdict.ts';
import { RefusedError, UnreachableError } from './cli-errors.ts';
import { printable } from './printable.ts';

/** One request to the collector. */
export interface ClientRequest<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Shape of a good answer. */
  readonly answer: z.ZodType<T>;
  /** Sends the operator token. */
  readonly operator?: boolean;
  readonly timeoutMs?: number;
}

export type TextRequest = Pick<ClientRequest<unknown>, 'path' | 'query'>;

export interface Client {
  /** Throws RefusedError when the collector says no, UnreachableError when it says nothing usable. */
  send<T>(request: ClientRequest<T>): Promise<T>;
  /** The same for an answer that is text; it comes as the collector sent it, for a file. */
  text(request: TextRequest): Promise<string>;
  readonly base: URL;
}

export interface ClientOptions {
  readonly base: URL;
  readonly fetch: typeof fetch;
  /** Called only for requests that need it. */
  readonly operatorToken: () => string;
}

const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 64 * 1_048_576;

const ProblemShape = z.object({
  type: z.string().default(''),
  title: z.string(),
  status: z.int(),
  detail: z.string().default(''),
  field: z.string().optional(),
  clears_at: z.string().optional().catch(undefined),
  verdict: VerdictSchema.optional().catch(undefined),
});

/** A client of the collector's HTTP API; everything it gives back is fit for a terminal. */
export function createClient(options: ClientOptions): Client {
  const { base } = options;
  return {
    base,
    async send(request) {
      const response = await exchange(options, request);
      const body = printable(await readJson(response, base));
      if (response.ok) return accept(request, body, base);
      throw refusalOf(response, body, base);
    },
    async text(request) {
      const response = await exchange(options, { ...request, method: 'GET', answer: z.unknown() });
      if (response.ok) return readText(response, base);
      throw refusalOf(response, printable(await readJson(response, base)), base);
    },
  };
}

async function exchange<T>(options: ClientOptions, request: ClientRequest<T>): Promise<Response> {
  const { base } = options;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (request.operator === true) headers['authorization'] = `Bearer ${options.operatorToken()}`;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await options.fetch(urlOf(base, request), {
      method: request.method,
      headers,
      // The token goes to the named collector and nowhere else.
      redirect: 'error',
      signal: AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
  } catch (error) {
    throw new UnreachableError(`no collector at ${base.origin}: ${causeOf(error)}`, {
      cause: error,
    });
  }
}

function urlOf(base: URL, request: Pick<ClientRequest<unknown>, 'path' | 'query'>): URL {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/$/, '') + request.path;
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function refusalOf(response: Response, body: unknown, base: URL): Error {
  const problem = ProblemShape.safeParse(body);
  if (!problem.success) {
    return new UnreachableError(`${base.origin} answered ${response.status} without saying why`);
  }
  if (response.status >= 500) {
    return new UnreachableError(`the collector cannot answer now: ${problem.data.detail}`);
  }
  return new RefusedError(response.status, problem.data);
}

async function readText(response: Response, base: URL): Promise<string> {
  try {
    return await textOf(response);
  } catch (error) {
    throw new UnreachableError(`the answer of ${base.origin} cannot be read: ${causeOf(error)}`, {
      cause: error,
    });
  }
}

async function textOf(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true });
    if (text.length > ANSWER_BYTES_MAX) throw new Error('the answer is too large');
  }
  return text;
}

async function readJson(response: Response, base: URL): Promise<unknown> {
  try {
    return JSON.parse(await textOf(response)) as unknown;
  } catch (error) {
    throw new UnreachableError(
      `${base.origin} answered ${response.status} with what is not JSON (${causeOf(error)}); is it a Keyturn collector?`,
      { cause: error },
    );
  }
}

function accept<T>(request: ClientRequest<T>, body: unknown, base: URL): T {
  const parsed = request.answer.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnreachableError(
    `${base.origin} answered something this version does not understand (${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}); do the versions fit? see \`keyturn doctor\``,
  );
}

/** The innermost reason: fetch wraps it. */
function causeOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time';
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  return plainText(code === 'ECONNREFUSED' ? 'connection refused' : messageOf(inner) || code, 300);
}
