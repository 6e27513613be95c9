import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@keyturn/shared/clock.ts';
import type { Verifier } from '../../core/fleet.ts';
import type { Engine } from '../../engine-port.ts';
import { isoMoment } from '../../iso-moment.ts';
import { GoneRows } from './gone-rows.ts';
import { RowHead } from './head.ts';
import { RowEntry } from './row-entry.ts';
import { type RowWords, rowWords, wordCount } from './row.ts';

/** How often rows are compared while somebody asks for them. */
const REFRESH_MS = 1_000;

/** Who has not asked for this long has gone. */
const WANTED_MS = 10_000;

/** How often counts are looked at while nobody asks, so that the last minute is known when one does. */
const COUNT_MS = 10_000;

/** The engine shares the event loop, and nothing here holds it for longer. */
const SLICE_MS = 4;

/** Verifiers between two looks at the clock. */
const SLICE_STEP = 64;

/** Values that rows may name; beyond it, and four for each verifier, all starts anew. */
const WORDS_MAX = 100_000;

/** The clock and the state that rows are made of. */
export interface FleetRowsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
}

/** An answer as JSON of `FleetRowsSchema`. */
export interface FleetRowsAnswer {
  readonly text: string;
  /** It has every row there is. */
  readonly complete: boolean;
}

/**
 * All verifiers as rows with versions, for readers that keep a copy and hear what changed. Rows are
 * compared only while somebody asks, a slice at a time.
 */
export class FleetRows {
  readonly #engine: Engine;
  readonly #clock: Clock;
  #boot = '';
  #entries = new Map<string, RowEntry>();
  #gone = new GoneRows();
  #words: RowWords;
  #version = 0;
  #nextId = 0;
  #pass = 0;
  #running: Promise<void> | null = null;
  // By the monotonic clock.
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #wantedAtMs = Number.NEGATIVE_INFINITY;
  #stop: () => void;
  #closed = false;

  constructor({ engine, clock }: FleetRowsOptions) {
    this.#engine = engine;
    this.#clock = clock;
    this.#words = this.#startAnew();
    this.#stop = clock.after(REFRESH_MS, () => this.#tick());
  }

  /** Ends the cursor of an answer: when they differ, there is something to hear. */
  get version(): number {
    return this.#version;
  }

  /**
   * What changed after `since`, the cursor of an answer before; every row where that is none of this
   * run, or too old.
   */
  async read(since: string | undefined): Promise<FleetRowsAnswer> {
    const nowMs = this.#clock.monotonicMs();
    this.#wantedAtMs = nowMs;
    // A pass that only counts does not bring rows up to date, so it may take a second one.
    while (this.#refreshedAtMs <= nowMs - REFRESH_MS && !this.#closed) await this.#run('rows');
    const version = this.#versionOf(since);
    return { text: this.#answer(version), complete: version === null };
  }

  /** Ends what runs by itself. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #versionOf(since: string | undefined): number | null {
    const [boot, text = ''] = since?.split('-') ?? [];
    const version = Number(text);
    if (boot !== this.#boot || !(version <= this.#version)) return null;
    return version < this.#gone.completeFrom ? null : version;
  }

  #answer(since: number | null): string {
    // Versions begin at 1: a row of 0 was never made.
    const version = since ?? 0;
    const rows: string[] = [];
    for (const entry of this.#entries.values()) if (entry.version > version) rows.push(entry.text);
    const { head, services, profiles, words, baseMs } = this.#words;
    const gone = since === null ? [] : this.#gone.since(since);
    const parts = [
      `"cursor":"${this.#boot}-${this.#version}"`,
      `"complete":${since === null}`,
      `"base_at":"${isoMoment(baseMs)}"`,
      `"total":${this.#entries.size}`,
      `"rows":[${rows.join(',')}]`,
      `"gone":[${gone.join(',')}]`,
      `"services":${services.since(version)}`,
      `"profiles":${profiles.since(version)}`,
      `"words":${words.since(version)}`,
      `"head":${head.since(version)}`,
    ];
    return `{${parts.join(',')}}`;
  }

  #tick(): void {
    if (this.#closed) return;
    this.#stop = this.#clock.after(REFRESH_MS, () => this.#tick());
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#wantedAtMs < WANTED_MS) void this.#run('rows');
    else if (nowMs - this.#countedAtMs >= COUNT_MS) void this.#run('count');
  }

  #run(what: 'rows' | 'count'): Promise<void> {
    this.#running ??= this.#look(what).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #look(what: 'rows' | 'count'): Promise<void> {
    const startedAtMs = this.#clock.monotonicMs();
    const next = this.#version + 1;
    this.#pass += 1;
    let changed = what === 'rows' && this.#words.head.refresh(this.#engine.state(), next);
    let looked = 0;
    let sliceEndsMs = startedAtMs + SLICE_MS;
    // The engine keeps one map of verifiers for ever, and an iterator of it follows its changes.
    for (const verifier of this.#engine.state().fleet.verifiers.values()) {
      const entry = this.#met(verifier);
      entry.count(verifier);
      if (what === 'rows' && this.#isChanged(entry, verifier, next)) changed = true;
      looked += 1;
      if (looked % SLICE_STEP === 0 && this.#clock.monotonicMs() >= sliceEndsMs) {
        await setImmediate();
        if (this.#closed) return;
        sliceEndsMs = this.#clock.monotonicMs() + SLICE_MS;
      }
    }
    if (this.#sweep(next)) changed = true;
    if (changed) this.#version = next;
    this.#countedAtMs = startedAtMs;
    if (what === 'rows') this.#refreshedAtMs = startedAtMs;
    if (wordCount(this.#words) > WORDS_MAX + 4 * this.#entries.size)
      this.#words = this.#startAnew();
  }

  #met(verifier: Verifier): RowEntry {
    let entry = this.#entries.get(verifier.key);
    if (entry === undefined) {
      entry = new RowEntry(this.#nextId, verifier.record);
      this.#nextId += 1;
      this.#entries.set(verifier.key, entry);
    }
    entry.metIn = this.#pass;
    return entry;
  }

  #isChanged(entry: RowEntry, verifier: Verifier, version: number): boolean {
    const nowMs = this.#engine.nowMs();
    return entry.refresh(this.#engine.state(), verifier, this.#words, version, nowMs);
  }

  #sweep(version: number): boolean {
    const before = this.#entries.size;
    for (const [key, { id, metIn }] of this.#entries) {
      if (metIn === this.#pass) continue;
      this.#entries.delete(key);
      this.#gone.add(id, version);
    }
    return this.#entries.size < before;
  }

  /** Whatever readers have means nothing from here on. */
  #startAnew(): RowWords {
    this.#boot = randomBytes(6).toString('hex');
    this.#entries = new Map();
    this.#gone = new GoneRows();
    this.#version = 0;
    this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
    return rowWords(new RowHead(), this.#engine.nowMs());
  }
}
