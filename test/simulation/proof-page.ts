import type { FaultKind } from './fault-plan.ts';
import { PLANTED } from './planted/bugs.ts';
import type { WorldKind } from './plan.ts';
import type { Turns } from './turns.ts';

/** Each promise by the name a broken one is told under, and how it is looked at. */
export const RULES: Readonly<Record<string, string>> = {
  valid_token_refused:
    'I1, I2: a verifier that is up refuses a valid token of either key, and nothing outside of what gates promise explains it',
  activate:
    'I1, I5: `activate` is open although a cache could not verify the new key at any moment of the last lease, a vantage was not seen twice in a row with it, a verifier has not reported since publication, the stability window has not passed, or a verifier or a word is older than the last rollback',
  retire:
    'I1: `retire` is open before the switch, or while a token lives that was reported or lives no longer than was ever declared; and all that holds for `activate`',
  purge:
    '`purge` is open although a cache accepted the old key all through the last lease, or a vantage serves it',
  publish: '`publish` is open although a reported token without a kid is alive',
  I3: 'a gate is open although the collector has seen one kid with two keys',
  I4: 'a second rotation of the same issuer and algorithm is opened',
  silence: 'a gate is open although a verifier that counts has been silent for a lease',
  store: 'a gate is open although nothing can be recorded (I6)',
  alerts:
    '`activate`, `retire` or `purge` is open although an alert that speaks against it fires, or its end cannot be seen, and nobody set that aside',
  order: 'a report is applied after a newer one of the same verifier',
  acked_kept: 'what was acked is not on disk, or is gone after a crash',
  totals: 'the totals count more verifications than happened',
  rollback:
    '`rollback` is open although a cache could not verify the old key all through the last lease, or it is tainted',
  abort: 'a rotation that went back is ended while a token of the new key lives',
  population:
    'more of a population lacks the new key (`activate`, `retire`) or accepts the old one (`purge`) than the declared percentile leaves out',
  containment: 'containment is told as 100 % while a cache accepts the old key',
  observed:
    'no rotation opens for a key that a third-party issuer publishes, within three leases, six sightings and seven minutes of it and of the last fault; one stays open after the key was taken back; or one is told as completed while the old key is served or a cache accepts it',
  probe_window:
    'a canary is presented before its key was seen everywhere, or while the JWKS cannot be read, for longer than a sighting, an order and a lease take',
  bogus:
    'a gate is open although a service was found to take any signature and nobody has mended it, or one is said to that checks them',
  propagation:
    'more verifiers are told as knowing an observed key than could verify it at any moment of the last lease, or the risk is called low while one could not',
  liveness:
    'a phase lasts longer, after the last fault, than what it must wait for in any case plus three leases, three sightings, the stability window twice and seven minutes',
};

/** Each kind of world besides rotations of our own, as it runs. */
export const KINDS_BESIDE: Readonly<Record<Exclude<WorldKind, 'rotation'>, string>> = {
  secrets:
    'tokens are signed with a shared secret: files of which people change one after the other, instances that return with an old file, services that remember tokens or say late what they hold, some that only a person vouches for; nothing is published, and no `Date` header shows a clock that is off',
  canaries:
    'tooling hands canaries over, agents show them to their caches, and some services count by the answers alone; an endpoint may take anything until people mend it, or be a page that is not there',
  observed:
    'a third-party issuer publishes a key, signs with it after seconds or half an hour, or takes it back, and removes the old one when it likes; refused tokens are its doing, the gates are advisory, and each one that is open is held to the same truth',
};

/** Each fault, as it strikes. */
export const FAULTS: Readonly<Record<FaultKind, string>> = {
  drop: 'reports and acks are lost',
  duplicate: 'messages arrive twice',
  delay: 'messages are up to 20 s late',
  reorder: 'messages overtake each other',
  partition: 'an agent is cut off: both ways, only upwards, or only downwards',
  half_open: 'ends of connections go unnoticed',
  pause_agent: 'an agent stands still, or its machine sleeps',
  pause_collector: 'the collector stands still while time runs',
  sleep_collector: 'the machine of the collector sleeps, its monotonic clock as well',
  kill_agent: 'kill -9 of an agent, which returns',
  kill_verifier: 'kill -9 of a verifier, which returns without keys',
  restart_with_old_keys: 'the same, with the keys of its image',
  replace_instance: 'an instance is gone without a word, another comes under a new name',
  stop_and_return: 'a clean stop with a goodbye, and a return',
  kill_collector: 'kill -9 of the collector, which returns with its disk',
  lose_disk:
    'the collector returns without its disk: gates are unknown until the rotation is told anew and everybody has reported; once the old key is withdrawn nobody can show any more that it is gone',
  crash_in_commit: 'a torn write: the collector dies in a commit, of which nothing is left',
  crash_after_commit: 'the other half: it dies after a commit, before anybody is told',
  disk_full: 'commits fail',
  collector_clock_step: "the collector's wall clock steps by up to an hour and a half, either way",
  collector_clock_drift: "the collector's clock drifts by up to 0.1 %",
  agent_clock_step: "an agent's wall clock steps by up to an hour",
  agent_clock_drift: "an agent's clock drifts by up to 1 %",
  stale_edge: 'an edge keeps what it has beyond its age',
  regressing_origin: 'an origin serves its first document again',
  jwks_5xx: 'the JWKS endpoint answers 503',
  jwks_hang: 'the JWKS endpoint does not answer',
  kid_reuse: 'an origin serves other key material under the new kid',
  late_signer: 'a signer goes on with the old key after the switch',
  longer_tokens: 'tokens live up to three times as long as declared',
  duplicate_identity: 'two processes run under one name',
  scale_up_with_old_keys: 'an instance joins with the keys of its image',
  second_rotation: 'another tool starts a rotation of the same issuer',
};

/** Each turn of a rotation, as it is taken. */
export const TURNS: Readonly<Record<keyof Turns, string>> = {
  rollback:
    'people switch the signer back, by the gate or against it, and forward again after seconds or after hours; or try to end the rotation, which must be refused for as long as tokens of the new key live',
  unseen:
    'dependents without any agent: a population of 50 whose members refresh as their cohorts were declared, gateways judged by time or by a word, keys in files that people vouch for',
  emergency:
    'the old key is tainted before or after the switch: gates hurry as policy says, valid tokens that the early withdrawal refuses are the price and counted apart, and everything else holds as before',
  absence:
    'the collector is away, or the JWKS answers 503, for 17 to 50 minutes, longer than anybody may look away; while the collector is away an origin may serve its first document, and nobody sees it',
};

/** What the worlds of `pnpm simulate` check; the end of the page in docs. */
export const PROOF = `## Broken promises

\`pnpm simulate\` runs worlds at a faster pace with many more faults. The collector's core, engine and
ingest and the agent's ledger and session are the real ones; clock, network, disk, issuer and the
caches of verifiers are simulated, each kind of cache after what the catalogue says of it to people
(\`test/simulation/kinds-table.ts\`), not after the bounds that gates reckon with: \`kinds.test.ts\`
measures each kind and holds the bounds to it. After every step each open gate is compared with an
oracle (\`oracle.ts\`) that knows each cache and token and shares no code with the collector. A failing
seed prints its story, is cut down to what it needs, and replays exactly with \`--replay\`.

| check | broken when |
|---|---|
${rowsOf(RULES)}

What a gate cannot know is counted apart, by reason, and is no broken promise: a verifier that nobody
declared and that never got through, one that starts with keys of its own behind a proxy that cannot
see them, an origin that goes back after the switch, a signature or a lifetime nobody had declared or
reported, two keys under one kid, a cooldown where the policy lets a fetch on demand count. One of
these is a limit of the product (\`KNOWN\`): more than three processes in turn under one name.

Every fifth seed has a world of each other kind beside its rotation (\`--kind\`: one kind alone):

| kind | what happens |
|---|---|
${rowsOf(KINDS_BESIDE)}

A few worlds take a turn that most rotations never see:

| turn | what happens |
|---|---|
${rowsOf(TURNS)}

| fault | what happens |
|---|---|
${rowsOf(FAULTS)}

${PLANTED.length} planted mistakes (\`test/simulation/planted\`) show that the checks would notice; each is caught by a
remembered seed, and the list is a test:

${PLANTED.map(({ id }) => `- ${id}`).join('\n')}

`;

function rowsOf(told: Readonly<Record<string, string>>): string {
  return Object.entries(told)
    .map(([name, text]) => `| \`${name}\` | ${text} |`)
    .join('\n');
}
