import type { RotationReferenceView } from '../../api/schemas/live-alerts.ts';
import { pathOf } from '../route.ts';
import { Name } from './name.tsx';

const KID_CHARS_MAX = 40;

/** Rotations by their keys, each leading to its page. */
export function RotationLinks({ of }: { readonly of: readonly RotationReferenceView[] }) {
  return (
    <ul class="plain-list">
      {of.map((rotation) => (
        <li key={rotation.id}>
          <a href={pathOf('rotations', rotation.id)}>
            <Name text={rotation.old_kid} charsMax={KID_CHARS_MAX} /> →{' '}
            <Name text={rotation.new_kid} charsMax={KID_CHARS_MAX} />
          </a>
        </li>
      ))}
    </ul>
  );
}
