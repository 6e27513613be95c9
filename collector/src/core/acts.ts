import type { Gate, Verdict } from '@keyturn/shared/model/verdict.ts';
import type { AlertRecord, SilenceRecord } from './alerts/alert.ts';
import type {
  AttestationRecord,
  RehearsalRecord,
  RotationRecord,
  Step,
  WaiverRecord,
} from './records.ts';

/** What a person was shown before a key is tainted: nothing undoes it. */
export interface TaintConfirmation {
  /** kid of the key that is compromised. */
  readonly oldKid: string;
  /** When the blast radius that was looked at was made, Unix ms by the collector's clock. */
  readonly seenAtMs: number;
}

/** Acts of people and rotation tooling. `id`s are made at the edge so that the core stays repeatable. */
export type Act =
  | {
      readonly type: 'start';
      readonly id: string;
      readonly by: string;
      readonly issuer: string;
      readonly alg: string;
      /** Null: the one key of this alg the issuer publishes now. Named where the alg changes. */
      readonly oldKid: string | null;
      readonly newKid: string;
      readonly newThumbprint: string | null;
    }
  | {
      readonly type: 'declare';
      readonly by: string;
      readonly rotationId: string;
      readonly step: Step;
      /** Needed when the step's gate is not open. */
      readonly overrideReason: string | null;
      /** Needed for `taint` and `destroy_old_key`. */
      readonly reason?: string | null;
      /** Needed for `taint`. */
      readonly confirm?: TaintConfirmation | null;
    }
  | {
      readonly type: 'rehearse';
      readonly by: string;
      readonly rotationId: string;
      /** The caller says that the old private key is there to sign with. */
      readonly oldKeyAvailable: boolean;
    }
  | {
      readonly type: 'attest';
      readonly id: string;
      readonly by: string;
      readonly rotationId: string;
      readonly service: string;
      readonly instance: string | null;
      readonly fact: AttestationRecord['fact'];
      readonly reason: string;
      readonly validForMs: number;
    }
  | {
      readonly type: 'waive';
      readonly id: string;
      readonly by: string;
      readonly rotationId: string;
      readonly gate: Gate;
      readonly checkId: string;
      readonly reason: string;
      readonly validForMs: number;
    }
  | {
      readonly type: 'remove_verifier';
      readonly by: string;
      readonly service: string;
      readonly instance: string;
      /** Null: every cache of the instance. */
      readonly cache: string | null;
      readonly reason: string;
    }
  | {
      readonly type: 'acknowledge';
      readonly by: string;
      readonly alertId: string;
      readonly reason: string;
    }
  /** Of alerts of this name (null: any) that have all of these labels. */
  | {
      readonly type: 'silence';
      readonly id: string;
      readonly by: string;
      readonly name: string | null;
      readonly labels: Readonly<Record<string, string>>;
      /** The caller means every alert, should neither name nor label be given. */
      readonly everything: boolean;
      readonly reason: string;
      readonly validForMs: number;
    }
  | {
      readonly type: 'unsilence';
      readonly by: string;
      readonly silenceId: string;
      readonly reason: string;
    }
  /** The tokens themselves stay with whoever checked them. */
  | {
      readonly type: 'hand_over_canaries';
      readonly by: string;
      readonly rotationId: string;
      readonly expiresAtMs: number | null;
      /** Why they are not taken, told without what the tokens say. */
      readonly problem: { readonly field: string; readonly message: string } | null;
    };

export type RefusalCode = 'not_found' | 'conflict' | 'gate_not_open' | 'invalid' | 'unavailable';

/** An act that was not carried out, and why. */
export interface Refusal {
  readonly code: RefusalCode;
  /** The argument at fault, in snake_case, or empty. */
  readonly field: string;
  readonly message: string;
  /** For `gate_not_open`. */
  readonly verdict: Verdict | null;
  /** When the same act would be carried out, where that is known. */
  readonly clearsAtMs?: number | null;
}

export type ActResult =
  | {
      readonly ok: true;
      readonly rotation: RotationRecord | null;
      readonly verdict: Verdict | null;
      readonly attestation: AttestationRecord | null;
      readonly waiver: WaiverRecord | null;
      readonly rehearsal: RehearsalRecord | null;
      readonly removed: number;
      readonly alert: AlertRecord | null;
      readonly silence: SilenceRecord | null;
    }
  | { readonly ok: false; readonly refusal: Refusal };
