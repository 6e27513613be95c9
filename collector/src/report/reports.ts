import type { Clock } from '@keyturn/shared/clock.ts';
import type { ReportView } from '../api/schemas/report.ts';
import type { Engine } from '../engine-port.ts';
import { receiptClaims } from '../receipt/receipt-claims.ts';
import type { ReceiptKeys } from '../receipt/receipt-keys.ts';
import { signReceipt } from '../receipt/sign-receipt.ts';
import { buildReport } from './build.ts';
import { chainCheck } from './chain-check.ts';
import { gatherFacts } from './gather.ts';

/** Reports and receipts of this collector's rotations. */
export interface Reports {
  /** Undefined when there is no such rotation. */
  report(rotationId: string): Promise<ReportView | undefined>;
  /** A signed receipt of a report. */
  receipt(report: ReportView): Promise<string>;
}

export function reportsOf(parts: {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly version: string;
  /** The collector's name. */
  readonly name: string;
  readonly keys: ReceiptKeys;
}): Reports {
  const { engine, clock, version, name, keys } = parts;
  const chainNow = chainCheck(engine, clock);
  return {
    async report(rotationId) {
      const facts = await gatherFacts(engine, rotationId, version, chainNow);
      return facts === undefined ? undefined : buildReport(facts);
    },
    receipt(report) {
      const iatS = Math.floor(engine.nowMs() / 1_000);
      return signReceipt(
        keys,
        receiptClaims(report, { name, iatS, auditHead: engine.auditHead() }),
      );
    },
  };
}
