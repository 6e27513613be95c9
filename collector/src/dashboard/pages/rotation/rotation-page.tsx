import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { useView } from '../../live/use-view.ts';
import { useTitle } from '../../use-title.ts';
import { Waiting } from '../../ui/waiting.tsx';
import { visibleText } from '../../ui/visible-text.ts';
import { AuditTrail } from './audit-trail.tsx';
import { Banner } from './banner.tsx';
import { AllChecks } from './all-checks.tsx';
import { CountsBar } from './counts-bar.tsx';
import { KnownOtherwise } from './known-otherwise.tsx';
import { LaggardTable } from './laggard-table.tsx';
import { ObservedPart } from './observed-part.tsx';
import { RotationCharts } from './rotation-charts.tsx';
import { TaintedPart } from './tainted-part.tsx';
import { Timeline } from './timeline.tsx';

/** One rotation: is it safe to go on, who is in the way, is anything breaking. */
export function RotationPage({ id }: { readonly id: string }) {
  const detail = useView('rotation', id);
  useTitle(titleOf(id, detail));
  if (detail === undefined || detail === null) {
    return (
      <>
        <h1>Rotation {visibleText(id)}</h1>
        <Waiting value={detail} missing="The collector knows no rotation of this id." />
        {detail === null ? <a href="/rotations">All rotations</a> : null}
      </>
    );
  }
  return (
    <>
      <Banner detail={detail} />
      <TaintedPart detail={detail} />
      <ObservedPart detail={detail} />
      <CountsBar detail={detail} />
      <Timeline detail={detail} />
      <RotationCharts detail={detail} />
      <LaggardTable detail={detail} />
      <AllChecks detail={detail} />
      <KnownOtherwise detail={detail} />
      <AuditTrail rotationId={detail.rotation.id} />
    </>
  );
}

function titleOf(id: string, detail: RotationDetailView | null | undefined): string {
  if (detail === null || detail === undefined) return `Rotation ${id}`;
  return `${detail.rotation.old_key.kid} → ${detail.rotation.new_key.kid}`;
}
