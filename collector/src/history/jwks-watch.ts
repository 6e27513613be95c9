import { plainText } from '@keyturn/shared/shown.ts';
import type { Sighting } from '../core/sighting.ts';
import type { State } from '../core/state.ts';
import type { EventLog } from './event-log.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { isNone, JWKS_EVENTS, keyDifference, KEYS_NOTED_MAX, named } from './jwks-events.ts';

const MESSAGE_BYTES_MAX = 200;

/** As many as are kept of one issuer. */
const EVENTS_MAX = 1_200;

type Readable = Extract<Sighting['result'], { ok: true }>;

interface Seen {
  sighting: Sighting | null;
  /** The last document; null: none is known. */
  document: { readonly keys: readonly KeyRef[]; readonly keyCount: number } | null;
  isFailing: boolean;
}

/** Follows what each address of an issuer serves: which keys, and whether it can be read at all. */
export class JwksWatch {
  readonly #log: EventLog;
  readonly #seen = new Map<string, Seen>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  look(state: Readonly<State>): void {
    for (const { issuer, vantages } of state.issuers.values()) {
      for (const { url, latest } of vantages.values()) {
        if (latest === null) continue;
        const seen = this.#of(issuer, url, latest.atMs);
        if (seen.sighting === latest.sighting) continue;
        seen.sighting = latest.sighting;
        this.#note(issuer, seen, latest);
      }
    }
  }

  #note(
    issuer: string,
    seen: Seen,
    { atMs, sighting }: { readonly atMs: number; readonly sighting: Sighting },
  ): void {
    const { vantage, result } = sighting;
    if (!result.ok) {
      if (seen.isFailing) return;
      seen.isFailing = true;
      const message = plainText(result.message, MESSAGE_BYTES_MAX);
      const { error } = result;
      this.#log.add(JWKS_EVENTS, issuer, atMs, { v: 1, what: 'failing', vantage, error, message });
      return;
    }
    if (seen.isFailing)
      this.#log.add(JWKS_EVENTS, issuer, atMs, { v: 1, what: 'readable', vantage });
    seen.isFailing = false;
    this.#noteDocument(issuer, seen, atMs, vantage, result);
  }

  #noteDocument(
    issuer: string,
    seen: Seen,
    atMs: number,
    vantage: string,
    { keys, untrackedKeys, bytes, maxAgeS }: Readable,
  ): void {
    const before = seen.document;
    const keyCount = keys.length + untrackedKeys;
    const difference = keyDifference(before?.keys ?? keys, keys);
    seen.document = { keys, keyCount };
    if (before?.keyCount === keyCount && isNone(difference)) return;
    this.#log.add(JWKS_EVENTS, issuer, atMs, {
      v: 1,
      what: 'document',
      vantage,
      keys: keys
        .slice(0, KEYS_NOTED_MAX)
        .map(({ kid, thumbprint, alg }) => ({ kid, thumbprint, alg })),
      keyCount,
      ...named(difference, KEYS_NOTED_MAX),
      bytes,
      maxAgeS,
      first: before === null,
    });
  }

  /** After a restart it goes on from what is on record, so that what changed meanwhile shows. */
  #of(issuer: string, vantage: string, toMs: number): Seen {
    const key = `${issuer}\u0000${vantage}`;
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const events = this.#log
      .read(JWKS_EVENTS, { track: issuer, fromMs: 0, toMs, limit: EVENTS_MAX })
      .flatMap(({ event }) => (event.vantage === vantage ? [event] : []));
    const last = events.findLast((event) => event.what === 'document');
    // Of a longer one not all keys are on record, and it is not known which of them were there.
    const isWhole = last !== undefined && last.keyCount === last.keys.length;
    const document = isWhole ? last : null;
    const turn = events.findLast((event) => event.what !== 'document');
    const seen = { sighting: null, document, isFailing: turn?.what === 'failing' };
    this.#seen.set(key, seen);
    return seen;
  }
}
