/** Full jitter between these bounds, doubling. */
const BASE_MS = 1_000;
const CAP_MS = 60_000;

/** No reconnect is quicker, so that a server that accepts and drops cannot be hammered. */
const FLOOR_MS = 100;

/**
 * How long to wait before connecting again. `attempt` 0 follows a session that worked: a random
 * share of the window the server named, so that a fleet that lost its collector comes back spread
 * out. Later attempts: exponential with full jitter, 1 s doubling to 60 s
 * (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
 *
 * `random` is in [0, 1).
 */
export function reconnectDelayMs(attempt: number, windowMs: number, random: number): number {
  const spanMs = attempt === 0 ? windowMs : Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
  return Math.max(FLOOR_MS, Math.floor(random * spanMs));
}

/** An interval with ±10 % jitter, so that agents started together do not report together. */
export function jitteredIntervalMs(intervalMs: number, random: number): number {
  return Math.round(intervalMs * (0.9 + 0.2 * random));
}

/** How long a verifier that was refused or superseded keeps quiet: 60 s doubling to 10 min, ±10 %. */
export function benchMs(times: number, random: number): number {
  return jitteredIntervalMs(Math.min(600_000, 60_000 * 2 ** Math.max(0, times - 1)), random);
}

/** How long to wait for an ack before reporting anew: 1 s doubling to 30 s. */
export function ackWaitMs(tries: number): number {
  return Math.min(30_000, BASE_MS * 2 ** Math.max(0, tries - 1));
}
