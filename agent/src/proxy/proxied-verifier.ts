import type { Ledger, Reporter } from '../ledger/ledger.ts';
import type { IssuerDocument, IssuerSource } from './issuer-source.ts';

interface Served {
  readonly document: IssuerDocument;
  readonly atMs: number;
}

/** What the proxy knows of one verifier: the documents this one, and no other, was given. */
export class ProxiedVerifier {
  readonly ledger: Ledger;
  readonly #reporter: Reporter;
  readonly #served = new Map<string, Served>();

  constructor(ledger: Ledger, reporter: Reporter) {
    this.ledger = ledger;
    this.#reporter = reporter;
  }

  /** The verifier has just been sent the whole document, or told that the one it has is current. */
  wasServed(source: IssuerSource, document: IssuerDocument, atMs: number): void {
    this.#served.set(source.config.issuer, { document, atMs });
    this.sync(source);
  }

  /** Puts what was served, and how fetching from upstream goes, into the ledger. */
  sync(source: IssuerSource): void {
    const { attemptAtMs, consecutiveFailures, lastError } = source.health;
    // Before the first attempt ended nothing is known, not even that the endpoint is healthy.
    if (attemptAtMs === null) return;
    const served = this.#served.get(source.config.issuer);
    const before = this.ledger.revision;
    this.ledger.setKeys(source.config.issuer, {
      keys: served?.document.keys ?? [],
      dataAtMs: served?.document.dataAtMs ?? null,
      attemptAtMs,
      consecutiveFailures,
      lastError,
      // The verifier's own timers cannot be seen from here.
      nextRefreshAtMs: null,
      cooldownUntilMs: null,
      documentSha256: served?.document.sha256 ?? null,
      servedAtMs: served?.atMs ?? null,
    });
    if (this.ledger.revision !== before) this.#reporter.changed(this.ledger, 'soon');
  }
}
