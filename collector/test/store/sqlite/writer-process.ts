import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { auditEntry, verifier } from '../samples.ts';

// A collector in small: commits batch after batch and says which one is committed, as an ack would.
// Each batch puts every instance at the same seq and adds one audit entry, so a half batch shows.

const [file, instances, from] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: writer-process FILE INSTANCES FROM');

const store = openSqliteStore(file, { checkpointPages: 40, lockWaitMs: 5_000 });
process.stdout.write('open\n');
for (let seq = Number(from); ; seq += 1) {
  store.commit([
    ...Array.from({ length: Number(instances) }, (_, n) => ({
      kind: 'verifier' as const,
      record: verifier(`i${n}`, 1, seq),
    })),
    { kind: 'audit', record: auditEntry(`batch ${seq}`) },
  ]);
  process.stdout.write(`${seq}\n`);
  await new Promise(setImmediate);
}
