import { openMemoryHistory } from '../../src/store/history-memory.ts';
import { historyContract } from './history-contract.ts';

historyContract('memory', () => {
  const store = openMemoryHistory();
  return { open: () => store };
});
