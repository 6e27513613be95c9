import type { State } from './state.ts';

/** True for ever once some rotation tainted the key: ending that rotation takes nothing back. */
export function isTainted(
  state: Readonly<State>,
  issuer: string,
  key: { readonly kid: string; readonly thumbprint: string | null },
): boolean {
  for (const rotation of state.rotations.values()) {
    if (!rotation.tainted || rotation.issuer !== issuer || rotation.oldKid !== key.kid) continue;
    if (key.thumbprint === null || rotation.oldThumbprint === null) return true;
    if (rotation.oldThumbprint === key.thumbprint) return true;
  }
  return false;
}
