type MomentOrNull = string | null;

/** The moments of both keys of a rotation, and the terms that lead from one to the next. */
export interface TimelineView {
  readonly rotation_id: string;
  readonly started_at: string;
  /** The new key is served everywhere since. */
  readonly published_at: MomentOrNull;
  /** A token of the new key was first accepted. */
  readonly first_new_use_at: MomentOrNull;
  readonly last_new_use_at: MomentOrNull;
  /** The signer was declared switched; observed: the first use. */
  readonly switched_at: MomentOrNull;
  /** The first token of the new key that was accepted after that. */
  readonly switch_seen_at: MomentOrNull;
  readonly rolled_back_at: MomentOrNull;
  /** Tsw: the last moment the old key may have signed, as far as is known now. */
  readonly last_old_signature_at: MomentOrNull;
  /** A token of the old key was last accepted. */
  readonly last_old_use_at: MomentOrNull;
  /** Latest expiry of an accepted token of the old key. */
  readonly latest_old_expiry_at: MomentOrNull;
  /** Earliest retire: no token of the old key can live any more, margins included. Null: tainted, or not known. */
  readonly old_tokens_gone_at: MomentOrNull;
  /** Of a tainted key: policy honours its tokens until then. */
  readonly honoured_until_at: MomentOrNull;
  /** The old key is served nowhere since. */
  readonly withdrawn_at: MomentOrNull;
  /** Once withdrawn: no cache with a bound accepts the old key after that. */
  readonly purged_by_at: MomentOrNull;
  /** The first 20 services that may keep the old key without a bound, once it is withdrawn. */
  readonly unbounded_services: readonly string[];
  readonly ended_at: MomentOrNull;
  /** Null: the issuer is not configured any more. */
  readonly terms: {
    /** P of the slowest service; null: no bound. */
    readonly propagation_s: number | null;
    readonly propagation_of: string | null;
    readonly publish_safety_s: number;
    /** Tmax; null: not known. */
    readonly lifetime_s: number | null;
    readonly skew_s: number;
    readonly retire_safety_s: number;
  } | null;
}
