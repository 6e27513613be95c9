import type { RotationView } from '../../../api/schemas/rotation.ts';
import type { RotationListView } from '../../../api/schemas/rotation-list.ts';
import { StartAct } from '../../acts/start-act.tsx';
import { useView } from '../../live/use-view.ts';
import { pathOf } from '../../route.ts';
import { useTitle } from '../../use-title.ts';
import { Card } from '../../ui/card.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { type Column, Rows } from '../../ui/rows.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { algWords } from '../rotation/words.ts';

/** Every rotation, newest first: those that are open, then those that ended. */
export function RotationsPage() {
  useTitle('Rotations');
  const list = useView('rotations');
  return (
    <>
      <h1>Rotations</h1>
      <StartAct />
      {list === undefined || list === null ? (
        <Waiting value={list} missing="The collector could not say which rotations there are." />
      ) : (
        <>
          <OpenRotations list={list} />
          <EndedRotations list={list} />
        </>
      )}
    </>
  );
}

function OpenRotations({ list }: { readonly list: RotationListView }) {
  return (
    <Card title="Open" aside={list.open.length + list.more_open}>
      {list.open.length === 0 ? (
        <p class="empty">
          No rotation is open. One starts with <code>keyturn rotation start</code>, or by itself
          when an issuer serves a new key.
        </p>
      ) : (
        <Rows
          caption="Open rotations"
          columns={OPEN_COLUMNS}
          rows={list.open}
          keyOf={({ rotation }) => rotation.id}
        />
      )}
      <More count={list.more_open} />
    </Card>
  );
}

function EndedRotations({ list }: { readonly list: RotationListView }) {
  return (
    <Card title="Ended" aside={list.ended.length + list.more_ended}>
      {list.ended.length === 0 ? (
        <p class="empty">None has ended yet.</p>
      ) : (
        <Rows
          caption="Ended rotations"
          columns={ENDED_COLUMNS}
          rows={list.ended}
          keyOf={({ id }) => id}
        />
      )}
      <More count={list.more_ended} />
    </Card>
  );
}

const OPEN_COLUMNS: readonly Column<RotationListView['open'][number]>[] = [
  { label: 'Keys', cell: ({ rotation }) => <Keys rotation={rotation} /> },
  { label: 'Issuer', cell: ({ rotation }) => <Name text={rotation.issuer} /> },
  { label: 'Phase', cell: ({ rotation }) => `${rotation.phase}${marksOf(rotation)}` },
  { label: 'Next', cell: ({ next }) => (next === null ? '–' : <Next next={next} />) },
  {
    label: 'Why',
    cell: ({ next, rollback_advised: isBackAdvised }) => (
      <>
        {isBackAdvised ? <strong class="back-advised">Going back is advised. </strong> : null}
        {next === null ? null : <Sentence text={next.summary} />}
      </>
    ),
  },
  { label: 'Started', cell: ({ rotation }) => <Ago at={rotation.started_at} /> },
];

const ENDED_COLUMNS: readonly Column<RotationView>[] = [
  { label: 'Keys', cell: (rotation) => <Keys rotation={rotation} /> },
  { label: 'Issuer', cell: ({ issuer }) => <Name text={issuer} /> },
  {
    label: 'Outcome',
    cell: (rotation) => (
      <>
        {rotation.outcome}
        {marksOf(rotation)}
        {rotation.ended_because === null ? null : (
          <>
            : <Sentence text={rotation.ended_because} />
          </>
        )}
      </>
    ),
  },
  { label: 'Ended', cell: ({ ended_at: at }) => (at === null ? '–' : <Ago at={at} />) },
  { label: 'Started', cell: ({ started_at: at }) => <Ago at={at} /> },
];

function Next({ next }: { readonly next: NonNullable<RotationListView['open'][number]['next']> }) {
  return (
    <>
      {next.gate} <StateBadge standing={next.status} />
      {next.clears_at === null || next.status === 'open' ? null : (
        <>
          {' '}
          <span class="soft">
            clears <Until at={next.clears_at} />
          </span>
        </>
      )}
    </>
  );
}

function marksOf({ origin, tainted }: RotationView): string {
  return `${origin === 'observed' ? ', observed' : ''}${tainted ? ', tainted' : ''}`;
}

function Keys({ rotation }: { readonly rotation: RotationView }) {
  return (
    <>
      <a href={pathOf('rotations', rotation.id)}>
        <Name text={rotation.old_key.kid} charsMax={40} /> →{' '}
        <Name text={rotation.new_key.kid} charsMax={40} />
      </a>{' '}
      <span class="soft">
        {algWords(rotation)}
        {rotation.key_kind === 'secret' ? ', shared secret' : ''}
      </span>
    </>
  );
}

function More({ count }: { readonly count: number }) {
  return count === 0 ? null : (
    <p class="soft">
      and {count} more: <code>keyturn rotation list --all</code>
    </p>
  );
}
