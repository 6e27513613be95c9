import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import t from 'tap';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

const WRITER = path.join(import.meta.dirname, 'writer-process.ts');
const ROUNDS = 8;
const INSTANCES = 20;

/** Runs a writer, kills it with SIGKILL while it commits, and gives the last batch it acked. */
async function writeUntilKilled(file: string, from: number, batches: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, file, String(INSTANCES), String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let killed = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (!killed && text.split('\n').length > batches) {
      killed = true;
      child.kill('SIGKILL');
    }
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${text.slice(-200)}`);
  const acked = text.split('\n').slice(1, -1).at(-1);
  return acked === undefined ? from - 1 : Number(acked);
}

t.test('kill -9 in mid-commit: no acked batch lost, no half batch, lock released', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  let last = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const acked = await writeUntilKilled(file, last + 1, 3 + round * 7);
    t.ok(acked > last, `round ${round}: acked up to ${acked}`);

    const store = openSqliteStore(file, { lockWaitMs: 1 });
    const seqs = new Set(store.load().verifiers.map((v) => v.seq));
    t.equal(seqs.size, 1, 'every verifier is of the same batch');
    const [held = 0] = seqs;
    t.ok(held >= acked, `batch ${held} is there, ${acked} was acked`);
    t.equal(store.load().verifiers.length, INSTANCES);
    t.equal(store.verifyAudit(), null);
    t.equal(store.audit({ limit: 100_000 }).at(-1)?.action, `batch ${held}`);
    store.close();
    last = held;
  }
});

t.test('a running collector keeps others out, a killed one does not', async (t) => {
  const file = path.join(t.testdir(), 'keyturn.db');
  const child = spawn(process.execPath, [WRITER, file, '1', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  t.throws(() => openSqliteStore(file, { lockWaitMs: 1 }), { code: 'STORE_LOCKED' });
  child.kill('SIGKILL');
  await once(child, 'close');
  openSqliteStore(file, { lockWaitMs: 1 }).close();
});
