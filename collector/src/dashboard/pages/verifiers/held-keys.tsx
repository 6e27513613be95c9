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

function KeyChip({
  role,
  kid,
  holding,
}: {
  readonly role: 'old' | 'new';
  readonly kid: string;
  readonly holding: Holding;
}) {
  return (
    <span class={`key-chip ${holding}`}>
      <span aria-hidden="true">{holding === 'yes' ? '●' : holding === 'no' ? '○' : '◌'}</span>{' '}
      <span class="visually-hidden">{WORDS[holding]} </span>
      {role} <Name text={kid} charsMax={KID_CHARS_MAX} />
    </span>
  );
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
