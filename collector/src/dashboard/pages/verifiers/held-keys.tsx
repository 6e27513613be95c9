import { type Holding, holdingOf } from '../../fleet/holding.ts';
import type { FleetHead, HeldSet, VerifierRow } from '../../fleet/verifier-row.ts';
import { Name } from '../../ui/name.tsx';

const KIDS_SHOWN_MAX = 2;

const KID_CHARS_MAX = 14;

const WORDS: Readonly<Record<Holding, string>> = {
  yes: 'holds',
  no: 'lacks',
  unknown: 'not known:',
};

/** Which keys of open rotations a verifier holds; without a rotation, the keys it holds. */
export function HeldKeys({
  row,
  set,
  head,
}: {
  readonly row: VerifierRow;
  readonly set: HeldSet | undefined;
  readonly head: FleetHead;
}) {
  const rotations = head.rotations.filter(({ id }) =>
    row.standings.some(({ rotation }) => rotation === id),
  );
  if (rotations.length === 0) return <KidList set={set} head={head} />;
  return (
    <>
      {rotations
        .slice(0, KIDS_SHOWN_MAX)
        .flatMap((rotation) =>
          (['new', 'old'] as const).map((role) => (
            <KeyChip
              key={`${rotation.id} ${role}`}
              role={role}
              kid={role === 'new' ? rotation.new_kid : rotation.old_kid}
              isWithdrawn={isWithdrawn(role === 'new' ? rotation.new_key : rotation.old_key, head)}
              holding={heldOf(row, role === 'new' ? rotation.new_key : rotation.old_key, head)}
            />
          )),
        )}
      {rotations.length > KIDS_SHOWN_MAX ? ` +${rotations.length - KIDS_SHOWN_MAX}` : ''}
    </>
  );
}

function heldOf(row: VerifierRow, key: number | null, head: FleetHead): Holding {
  if (key === null) return 'unknown';
  return holdingOf(row, key, head) ?? 'unknown';
}

function isWithdrawn(key: number | null, head: FleetHead): boolean {
  return key !== null && (head.keys[key]?.withdrawn_at ?? null) !== null;
}

/** A key in use is to be held by all, one that is withdrawn by nobody: which of the two, its look says. */
function KeyChip({
  role,
  kid,
  holding,
  isWithdrawn: isGone,
}: {
  readonly role: 'old' | 'new';
  readonly kid: string;
  readonly holding: Holding;
  readonly isWithdrawn: boolean;
}) {
  return (
    <span
      class={`key-chip ${holding}${isGone ? ' withdrawn' : ''}`}
      title={titleOf(holding, isGone)}
    >
      <span aria-hidden="true">{holding === 'yes' ? '●' : holding === 'no' ? '○' : '◌'}</span>{' '}
      <span class="visually-hidden">{WORDS[holding]} </span>
      {role} <Name text={kid} charsMax={KID_CHARS_MAX} />
      {isGone ? <span class="visually-hidden">, which is withdrawn</span> : null}
    </span>
  );
}

function titleOf(holding: Holding, isGone: boolean): string {
  switch (holding) {
    case 'yes':
      return isGone ? 'Still holds this key, which is withdrawn' : 'Holds this key';
    case 'no':
      return isGone
        ? 'Has dropped this key, as it should: it is withdrawn'
        : 'Lacks this key: it refuses tokens signed with it';
    case 'unknown':
      return 'Nobody knows whether it holds this key';
  }
}

function KidList({ set, head }: { readonly set: HeldSet | undefined; readonly head: FleetHead }) {
  if (set === undefined) return <span class="soft">says nothing</span>;
  const kids = set.keys.slice(0, KIDS_SHOWN_MAX).map((key) => head.keys[key]?.kid ?? '');
  const more = set.keys.length - kids.length + set.otherKeys;
  if (kids.length + more === 0) return <span class="soft">none</span>;
  return (
    <>
      {kids.map((kid, at) => (
        <span key={kid}>
          {at > 0 ? ', ' : ''}
          <Name text={kid} charsMax={KID_CHARS_MAX} />
        </span>
      ))}
      {more > 0 ? ` +${more}` : ''}
    </>
  );
}
