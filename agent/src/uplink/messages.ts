import {
  type Hello,
  REPORT_LIMITS,
  type Report,
  type VerifierHello,
} from '@keyturn/shared/model/report.ts';

const HELLOS_PER_MESSAGE = 500;
const REPORTS_PER_MESSAGE = 200;
/** Rough size of a row or key on the wire, to keep messages well below the limit. */
const ENTRY_BYTES = 300;

/** One hello, or several where there are many verifiers. Even nobody is said: a stream starts so. */
export function* helloMessages(
  head: Omit<Hello, 'verifiers'>,
  verifiers: readonly VerifierHello[],
): Generator<Hello> {
  for (let i = 0; i === 0 || i < verifiers.length; i += HELLOS_PER_MESSAGE) {
    yield { ...head, verifiers: verifiers.slice(i, i + HELLOS_PER_MESSAGE) };
  }
}

/** The reports in as many messages as it takes for each to be well below the limit. */
export function* reportMessages(reports: Iterable<Report>): Generator<readonly Report[]> {
  let batch: Report[] = [];
  let bytes = 0;
  for (const report of reports) {
    const size = sizeOf(report);
    const isFull =
      batch.length >= REPORTS_PER_MESSAGE || bytes + size > REPORT_LIMITS.messageBytes / 2;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(report);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function sizeOf(report: Report): number {
  let entries = 1 + report.counts.length;
  for (const set of report.keySets) entries += 1 + set.keys.length;
  return entries * ENTRY_BYTES;
}
