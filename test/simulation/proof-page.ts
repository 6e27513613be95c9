/** What the worlds of `pnpm simulate` check; the end of the page in docs. */
export const PROOF = `## Broken promises

\`pnpm simulate\` runs worlds at a faster pace with many more faults. After every step it compares every
open gate with an oracle that knows each cache and token, and shares no code with the collector. A
failing seed prints its story, is cut down to what it needs, and replays exactly with \`--replay\`.
`;
