/** One running HTTP service that accepts or refuses bearer tokens at every path. */
export interface VerifierService {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  close(): Promise<void>;
}

/** What every verifier needs to know of its issuer. */
export interface Trust {
  /** Exact `iss`. */
  readonly issuer: string;
  /** Where this verifier fetches keys: the issuer itself, or a local proxy. */
  readonly jwksUri: string;
}

/** What a service answers, with 200 or 401. */
export interface Answer {
  readonly accepted: boolean;
  /** The verifying library's own word for a refusal, empty when accepted. */
  readonly reason: string;
}

export const ACCEPTED: Answer = { accepted: true, reason: '' };

export function refused(reason: string): Answer {
  return { accepted: false, reason };
}

/** The token of an Authorization header, or the empty string. */
export function bearerOf(authorization: string | undefined): string {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
}

/** The library's code for an error, else its name and message. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { code } = thrown as { code?: unknown };
  return typeof code === 'string' ? code : `${thrown.name}: ${thrown.message}`;
}
