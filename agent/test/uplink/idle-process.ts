// A user's process that has an uplink and nothing else to do after a moment.
import { get } from 'node:http';
import { systemClock } from '@keyturn/shared/clock.ts';
import { createAgentEvents } from '../../src/events.ts';
import { createLedger } from '../../src/ledger/memory-ledger.ts';
import { grpcDialer } from '../../src/uplink/grpc.ts';
import { createUplink } from '../../src/uplink/uplink.ts';

const [address = '', waitMs = '0', atTheEnd = ''] = process.argv.slice(2);
const kinds: string[] = [];
const uplink = createUplink({
  dial: grpcDialer(address, undefined),
  collector: address,
  agentVersion: '0.0.0',
  clock: systemClock,
  random: Math.random,
  events: createAgentEvents((event) => {
    kinds.push(event.kind);
    if (!atTheEnd.startsWith('http:')) return;
    get(atTheEnd, { agent: false }, (response) => {
      response.resume().on('end', () => kinds.push('answered'));
    });
  }),
});
uplink.add(
  createLedger({
    id: { service: 'idle', instance: 'one', cache: `c${process.pid}` },
    profile: '',
    source: 'in_process',
    issuers: ['https://a.example'],
  }),
);
const startedAtMs = performance.now();
setTimeout(() => {
  if (atTheEnd === 'close') void uplink.close().then(() => kinds.push('closed'));
}, Number(waitMs));
process.on('exit', () => {
  process.stdout.write(JSON.stringify({ endedAfterMs: performance.now() - startedAtMs, kinds }));
});
