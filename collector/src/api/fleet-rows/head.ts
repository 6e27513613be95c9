import { keyIdentity, type State } from '../../core/state.ts';
import { openRotations, phaseOf } from '../../core/rotation.ts';
import type { RotationRecord } from '../../core/records.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';
import type { FleetRowsView } from '../schemas/fleet-rows.ts';

type Head = NonNullable<FleetRowsView['head']>;

/** Issuers and their keys, which rows name by places that never change, and open rotations. */
export class RowHead {
  readonly #issuers = new Map<string, number>();
  /** Of each issuer, by `kid thumbprint`. */
  readonly #keys = new Map<string, Map<string, number>>();
  readonly #keyList: { readonly issuer: string; readonly identity: string }[] = [];
  #text = '';
  #version = 0;
  /** Grows when a key comes to be known: rows that hold it have to be made anew. */
  keysKnown = 0;

  issuer(issuer: string): number | undefined {
    return this.#issuers.get(issuer);
  }

  key(issuer: string, key: { readonly kid: string; readonly thumbprint: string }) {
    return this.#keys.get(issuer)?.get(keyIdentity(key));
  }

  /** Brings it to what the state says; true when it changed. */
  refresh(state: Readonly<State>, version: number): boolean {
    this.#learn(state);
    const text = JSON.stringify(this.#view(state));
    if (text === this.#text) return false;
    this.#text = text;
    this.#version = version;
    return true;
  }

  /** As JSON: `null` unless it changed after `version`. */
  since(version: number): string {
    return this.#version > version ? this.#text : 'null';
  }

  #learn(state: Readonly<State>): void {
    for (const { issuer, keys } of state.issuers.values()) {
      if (!this.#issuers.has(issuer)) this.#issuers.set(issuer, this.#issuers.size);
      let known = this.#keys.get(issuer);
      if (known === undefined) this.#keys.set(issuer, (known = new Map()));
      for (const identity of keys.keys()) {
        if (known.has(identity)) continue;
        known.set(identity, this.#keyList.push({ issuer, identity }) - 1);
        this.keysKnown += 1;
      }
    }
  }

  #view(state: Readonly<State>): Head {
    return {
      issuers: [...this.#issuers.keys()],
      keys: this.#keyList.map(({ issuer, identity }) => this.#keyView(state, issuer, identity)),
      rotations: openRotations(state).map((rotation) => this.#rotationView(state, rotation)),
    };
  }

  #keyView(state: Readonly<State>, issuer: string, identity: string): Head['keys'][number] {
    const record = state.issuers.get(issuer)?.keys.get(identity);
    return {
      issuer: this.#issuers.get(issuer) ?? 0,
      kid: record?.key.kid ?? '',
      thumbprint: record?.key.thumbprint ?? '',
      alg: record?.key.alg ?? '',
      published_at: isoMomentOrNull(record?.publishedAtMs ?? null),
      withdrawn_at: isoMomentOrNull(record?.withdrawnAtMs ?? null),
    };
  }

  #rotationView(state: Readonly<State>, rotation: RotationRecord): Head['rotations'][number] {
    return {
      id: rotation.id,
      issuer: this.#issuers.get(rotation.issuer) ?? 0,
      alg: rotation.alg,
      phase: phaseOf(state, rotation),
      old_kid: rotation.oldKid,
      new_kid: rotation.newKid,
      old_key: this.#placeOf(rotation, rotation.oldKid, rotation.oldThumbprint),
      new_key: this.#placeOf(rotation, rotation.newKid, rotation.newThumbprint),
    };
  }

  #placeOf({ issuer }: RotationRecord, kid: string, thumbprint: string | null): number | null {
    return this.key(issuer, { kid, thumbprint: thumbprint ?? '' }) ?? null;
  }
}
