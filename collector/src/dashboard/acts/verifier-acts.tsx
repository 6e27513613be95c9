import { ActBar, offer } from './act-bar.tsx';
import { type RemovableVerifier, removeForm } from './remove-form.ts';

/** What can be done about one verifier: say that it is gone. One that reports cannot be. */
export function VerifierActs({ verifier }: { readonly verifier: RemovableVerifier }) {
  const all = [
    offer('remove', 'Remove the verifier', (values) => removeForm(verifier, values), 'danger'),
  ];
  const offered = verifier.states.includes('reporting') ? [] : all;
  return <ActBar label="Acts on this verifier" offers={offered} all={all} />;
}
