import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { Sighting } from '@keyturn/collector/core/sighting.ts';
import type { Chance } from './chance.ts';
import type { WorldPlan } from './plan.ts';
import { EPOCH_MS, type Schedule } from './schedule.ts';

export const ISSUER = 'https://issuer.test';

/** One JWKS as served; `version` tells documents apart. */
export interface KeyDocument {
  readonly version: number;
  readonly keys: readonly KeyRef[];
}

export type Fetched =
  | { readonly ok: true; readonly document: KeyDocument; readonly ageMs: number }
  | { readonly ok: false; readonly error: 'status' | 'timeout' | 'network' };

/** A signed token, as truth knows it. */
export interface Token {
  readonly serial: number;
  /** The key that signed it. */
  readonly key: KeyRef;
  readonly hasKid: boolean;
  readonly hasIat: boolean;
  readonly iatS: number;
  readonly expS: number;
  /** True time, ms. */
  readonly mintedMs: number;
}

interface Copy {
  document: KeyDocument;
  fromMs: number;
}

interface Origin {
  document: KeyDocument;
  /** Serves this older one for a time: a replica that went back. */
  old: KeyDocument | null;
}

/** How long an endpoint that hangs keeps its callers, ms. */
const HANG_MS = 5_000;

/**
 * One issuer: origin replicas that each serve a document of their own, edges with copies of limited
 * age, and signer replicas that each switch keys at a time of their own.
 */
export class Issuer {
  readonly origins: Origin[];
  readonly edges: { copy: Copy | null; readonly maxAgeMs: number; staleUntilMs: number }[];
  /** Until when the JWKS endpoint answers 5xx, or not at all. */
  downUntilMs = -1;
  hangsUntilMs = -1;
  current: KeyDocument;
  readonly first: KeyDocument;
  readonly oldKey: KeyRef;
  readonly newKey: KeyRef;
  /** When each signer replica begins to sign with the new key, true ms. */
  readonly switchAtMs: number[];
  lifetimeFactor = 1;
  minted = 0;
  readonly #plan: WorldPlan;
  readonly #schedule: Schedule;
  readonly #chance: Chance;
  #version = 1;

  constructor(plan: WorldPlan, schedule: Schedule, chance: Chance) {
    this.#plan = plan;
    this.#schedule = schedule;
    this.#chance = chance;
    const alg = plan.keyKind === 'secret' ? 'HS256' : 'RS256';
    this.oldKey = { ...keyOf('2026-02', 'a'), alg };
    this.newKey = { ...keyOf('2026-03', 'b'), alg };
    this.current = { version: 1, keys: [this.oldKey] };
    this.first = this.current;
    this.origins = Array.from({ length: plan.origins }, () => ({
      document: this.current,
      old: null,
    }));
    this.edges = plan.edges.map((maxAgeMs) => ({ copy: null, maxAgeMs, staleUntilMs: -1 }));
    this.switchAtMs = Array.from({ length: plan.signers }, () => Infinity);
  }

  /** Puts a document on every origin, one after the other. */
  serve(keys: readonly KeyRef[]): void {
    this.#version += 1;
    const document = { version: this.#version, keys };
    this.current = document;
    for (const [at, origin] of this.origins.entries()) {
      const delayMs = at === 0 ? 0 : this.#chance.between(0, this.#plan.originSpreadMs);
      this.#schedule.after(delayMs, () => {
        if (origin.document.version < document.version) origin.document = document;
      });
    }
  }

  /** Addresses the collector fetches from. */
  get vantages(): readonly string[] {
    if (this.#plan.keyKind === 'secret') return [];
    const origins = this.#plan.seesEveryOrigin
      ? this.origins.map((_, at) => `origin ${at}`)
      : ['origin'];
    return [...origins, ...this.edges.map((_, at) => `edge ${at}`)];
  }

  /** Fetches as a client does; `then` runs when the answer is there. */
  fetch(edge: number | null, then: (fetched: Fetched) => void, latencyMs: number): void {
    const nowMs = this.#schedule.nowMs;
    if (nowMs < this.hangsUntilMs) {
      this.#schedule.after(HANG_MS, () => then({ ok: false, error: 'timeout' }));
      return;
    }
    if (this.#plan.pace.isInstant) return then(this.#answer(edge));
    this.#schedule.after(latencyMs, () => then(this.#answer(edge)));
  }

  sight(vantage: string, then: (result: Sighting['result']) => void, latencyMs: number): void {
    const [kind, which] = vantage.split(' ');
    const answer = (fetched: Fetched): void => then(this.#sighted(fetched));
    if (kind === 'origin' && which !== undefined && this.#schedule.nowMs >= this.hangsUntilMs) {
      this.#schedule.after(latencyMs, () => answer(this.#fromOrigin(Number(which))));
      return;
    }
    this.fetch(kind === 'edge' ? Number(which) : null, answer, latencyMs);
  }

  /** True when every document a fetch through here could get now holds the key, were it healthy. */
  wouldServe(edge: number | null, thumbprint: string): boolean {
    const holds = (document: KeyDocument): boolean =>
      document.keys.some((key) => key.thumbprint === thumbprint);
    const copy = edge === null ? undefined : this.#freshCopy(edge);
    if (copy !== undefined) return holds(copy.document);
    return this.origins.every((origin) => holds(origin.old ?? origin.document));
  }

  /** Signs a token now. */
  mint(signer: number, lifetimeMs: number, kidlessShare: number): Token {
    const nowMs = this.#schedule.nowMs;
    const isSwitched = nowMs >= (this.switchAtMs[signer] ?? Infinity);
    const iatS = Math.floor((EPOCH_MS + nowMs + this.#plan.issuerOffsetMs) / 1_000);
    this.minted += 1;
    return {
      serial: this.minted,
      key: isSwitched ? this.newKey : this.oldKey,
      hasKid: !this.#chance.is(kidlessShare),
      hasIat: !this.#plan.omitsIat,
      iatS,
      expS: iatS + Math.floor((lifetimeMs * this.lifetimeFactor) / 1_000),
      mintedMs: nowMs,
    };
  }

  #answer(edge: number | null): Fetched {
    if (edge === null) return this.#fromOrigin(this.#chance.whole(0, this.origins.length - 1));
    const nowMs = this.#schedule.nowMs;
    const fresh = this.#freshCopy(edge);
    if (fresh !== undefined) {
      return { ok: true, document: fresh.document, ageMs: nowMs - fresh.fromMs };
    }
    const fetched = this.#fromOrigin(this.#chance.whole(0, this.origins.length - 1));
    const place = this.edges[edge];
    if (fetched.ok && place !== undefined)
      place.copy = { document: fetched.document, fromMs: nowMs };
    return fetched;
  }

  #freshCopy(edge: number): Copy | undefined {
    const place = this.edges[edge];
    const nowMs = this.#schedule.nowMs;
    if (place?.copy == null) return undefined;
    const isFresh = nowMs - place.copy.fromMs < place.maxAgeMs || nowMs < place.staleUntilMs;
    return isFresh ? place.copy : undefined;
  }

  #fromOrigin(at: number): Fetched {
    const origin = this.origins[at];
    if (origin === undefined || this.#schedule.nowMs < this.downUntilMs) {
      return { ok: false, error: 'status' };
    }
    return { ok: true, document: origin.old ?? origin.document, ageMs: 0 };
  }

  #sighted(fetched: Fetched): Sighting['result'] {
    if (!fetched.ok) {
      const error = fetched.error === 'timeout' ? 'timeout' : 'status';
      return { ok: false, error, message: error === 'timeout' ? 'no answer' : 'status 503' };
    }
    return {
      ok: true,
      keys: fetched.document.keys,
      untrackedKeys: 0,
      bytes: 400 * fetched.document.keys.length,
      documentSha256: String(fetched.document.version).padStart(64, '0'),
      maxAgeS: 60,
      staleS: 0,
      ageS: Math.floor(fetched.ageMs / 1_000),
      originDateMs: EPOCH_MS + this.#schedule.nowMs - fetched.ageMs + this.#plan.issuerOffsetMs,
    };
  }
}

/** A key whose thumbprint has the length of a real one. */
export function keyOf(kid: string, material: string): KeyRef {
  return { kid, thumbprint: material.repeat(43), alg: 'RS256' };
}
