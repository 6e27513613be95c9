import { RotationActs } from '../../acts/rotation-acts.tsx';
import { useView } from '../../live/use-view.ts';
import { useTitle } from '../../use-title.ts';
import { Name } from '../../ui/name.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Waiting } from '../../ui/waiting.tsx';

/** One rotation: is it safe to go on, who is in the way, is anything breaking. */
export function RotationPage({ id }: { readonly id: string }) {
  useTitle(`Rotation ${id}`);
  const detail = useView('rotation', id);
  if (detail === undefined || detail === null) {
    return <Waiting value={detail} missing={`The collector knows no rotation ${id}.`} />;
  }
  const { rotation, gates } = detail;
  return (
    <>
      <h1>
        <Name text={rotation.old_key.kid} /> → <Name text={rotation.new_key.kid} />
      </h1>
      <p class="soft">
        <Name text={rotation.issuer} /> · phase {rotation.phase}
      </p>
      <ul class="gates">
        {gates.map((verdict) => (
          <li key={verdict.gate} class={verdict.status}>
            <span class="soft">{verdict.gate}</span>
            <StateBadge standing={verdict.status} />
          </li>
        ))}
      </ul>
      <RotationActs detail={detail} />
    </>
  );
}
