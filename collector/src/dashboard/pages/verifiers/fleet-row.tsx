import { Component } from 'preact';
import { conditionSinceMs } from '../../fleet/condition.ts';
import { focusedSet } from '../../fleet/focused-set.ts';
import type { FleetHead, VerifierRow } from '../../fleet/verifier-row.ts';
import { pathOf } from '../../route.ts';
import { Name } from '../../ui/name.tsx';
import { Age, KeyAge } from './age.tsx';
import { ConditionBadge } from './condition-badge.tsx';
import { HeldKeys } from './held-keys.tsx';

export interface FleetRowProps {
  readonly row: VerifierRow;
  readonly index: number;
  readonly rowPx: number;
  readonly head: FleetHead;
  /** Whose key set is shown, by its place in the head; null: the one that is worst off. */
  readonly issuer: number | null;
  /** The row that Tab leads to. */
  readonly isCurrent: boolean;
}

/** One verifier in the table. Drawn anew only when something of it changed. */
export class FleetRowView extends Component<FleetRowProps> {
  override shouldComponentUpdate(next: FleetRowProps): boolean {
    const { row, index, rowPx, head, issuer, isCurrent } = this.props;
    return (
      next.row !== row ||
      next.index !== index ||
      next.rowPx !== rowPx ||
      next.head !== head ||
      next.issuer !== issuer ||
      next.isCurrent !== isCurrent
    );
  }

  override render() {
    const { row, index, rowPx, head, issuer, isCurrent } = this.props;
    const set = focusedSet(row, issuer);
    return (
      <div
        role="row"
        aria-rowindex={index + 2}
        class="fleet-row"
        style={{ transform: `translateY(${index * rowPx}px)`, height: `${rowPx}px` }}
      >
        <div role="rowheader" class="name">
          <a
            href={pathOf('verifiers', row.service.name, row.instance, row.cache)}
            tabIndex={isCurrent ? 0 : -1}
            data-index={index}
          >
            <Name text={row.service.name} charsMax={40} />/
            <Name text={row.instance} charsMax={40} />
            <span class="soft">
              /<Name text={row.cache} charsMax={24} />
            </span>
          </a>
        </div>
        <div role="gridcell" class="condition">
          <ConditionBadge row={row} />
        </div>
        <div role="gridcell" data-label="since">
          <Age atMs={conditionSinceMs(row)} missing="–" />
        </div>
        <div role="gridcell" class="keys">
          <HeldKeys row={row} set={set} head={head} />
        </div>
        <div role="gridcell" data-label="keys">
          <KeyAge atMs={set?.dataAtMs ?? null} refreshS={row.profile.refresh_s} />
        </div>
        <div role="gridcell" data-label="report">
          <Age atMs={row.reportedAtMs} />
        </div>
        <div role="gridcell" class="error">
          {set?.error == null || set.failedFetches === 0 ? null : (
            <>
              <Name text={set.error} charsMax={30} /> ×{set.failedFetches}
            </>
          )}
        </div>
        <div role="gridcell" class={row.failures > 0 ? 'number late' : 'number'} data-label="fails">
          {row.failures}
        </div>
        <div role="gridcell" class="profile soft">
          <Name text={row.profile.id === '' ? 'unknown' : row.profile.id} charsMax={30} />
        </div>
      </div>
    );
  }
}
