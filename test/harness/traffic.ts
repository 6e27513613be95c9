import { bearerClient } from './bearer-client.ts';
import type { BearerClient, HeldToken } from './bearer-client.ts';
import type { Issuer, IssuerClient } from './issuer.ts';
import type { Trial, TruthKeeper } from './truth.ts';

export interface TrafficOptions {
  readonly issuer: Issuer;
  /** Each entry is one caller with a token of its own. */
  readonly callers: readonly IssuerClient[];
  /** Name → address, asked before every request so that a redeploy can move it. */
  readonly targets: () => ReadonlyMap<string, string>;
  /** Time between two requests of one caller. */
  readonly everyMs: number;
  readonly truth: TruthKeeper;
}

export interface Traffic {
  /** Failures to get a token, which is the issuer's fault and no verifier's. */
  readonly tokenFailures: number;
  stop(): Promise<void>;
}

// Callers give a token up in its last second, so that no request races its expiry.
const TOKEN_MARGIN_MS = 1_200;
const REQUEST_TIMEOUT_MS = 10_000;

async function present(verifier: string, url: string, token: HeldToken): Promise<Trial> {
  const outcome = await ask(url, token.token).catch((first: unknown) =>
    // A kept connection may close just as a request goes out; clients then ask once more.
    isTimeout(first) ? unanswered(first) : ask(url, token.token).catch(unanswered),
  );
  return { verifier, token, ...outcome, answeredAtMs: Date.now() };
}

async function ask(url: string, token: string): Promise<Pick<Trial, 'outcome' | 'reason'>> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const body = (await response.json()) as { reason?: unknown };
  return response.ok
    ? { outcome: 'accepted', reason: '' }
    : { outcome: 'refused', reason: String(body.reason) };
}

function unanswered(error: unknown): Pick<Trial, 'outcome' | 'reason'> {
  return { outcome: 'unanswered', reason: String(error) };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** Steady requests: every caller goes round all verifiers with the token it holds. */
export function startTraffic(options: TrafficOptions): Traffic {
  let tokenFailures = 0;
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();

  const once = async (client: BearerClient, turn: number): Promise<void> => {
    let token: HeldToken;
    try {
      token = await client.token(Date.now());
    } catch {
      tokenFailures += 1;
      return;
    }
    const targets = [...options.targets()];
    const target = targets[turn % targets.length];
    if (target === undefined || stopping.signal.aborted) return;
    options.truth.record(await present(target[0], target[1], token));
  };

  const timers = options.callers.map((caller, index) => {
    const client = bearerClient({
      tokenEndpoint: options.issuer.tokenEndpoint,
      client: caller,
      marginMs: TOKEN_MARGIN_MS,
      firstShare: (index + 1) / options.callers.length,
    });
    let turn = index;
    const tick = (): void => {
      const request = once(client, turn);
      turn += 1;
      inFlight.add(request);
      void request.finally(() => inFlight.delete(request));
    };
    return setInterval(tick, options.everyMs);
  });

  return {
    get tokenFailures() {
      return tokenFailures;
    },
    async stop() {
      stopping.abort();
      for (const timer of timers) clearInterval(timer);
      await Promise.all(inFlight);
    },
  };
}
