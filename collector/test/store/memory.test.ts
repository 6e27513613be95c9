import t from 'tap';
import { emptyMemoryContents, openMemoryStore } from '../../src/store/memory.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { storeContract } from './contract.ts';
import { verifier } from './samples.ts';

storeContract('memory', () => {
  const contents = emptyMemoryContents();
  return { open: () => openMemoryStore({ contents }) };
});

t.test('a planned failure changes nothing', async (t) => {
  let failing = true;
  const store = openMemoryStore({
    beforeCommit: () => {
      if (failing) throw new StoreError('STORE_FULL', 'planned');
    },
  });
  const writes = [{ kind: 'verifier', record: verifier('a', 1, 1) }] as const;
  t.throws(() => store.commit(writes), { code: 'STORE_FULL' });
  t.equal(store.load().verifiers.length, 0);
  failing = false;
  store.commit(writes);
  t.equal(store.load().verifiers.length, 1);
});
