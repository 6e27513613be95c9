import { createHash } from 'node:crypto';

/** Style sheet of the status page; its hash stands in the page's content security policy. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #5b6470;
  --line: #dfe3e8; --open: #0a7d3c; --closed: #b42318; --unknown: #6b5b00; --aborted: #7a2e9e;
  --code: #eef1f4; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171b; --card: #1c2127; --ink: #e6e9ed;
  --soft: #9aa4b0; --line: #303842; --open: #4cc38a; --closed: #ff8a80; --unknown: #e5c54a;
  --aborted: #d3a4f0; --code: #262d35; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--bg); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0; }
h3 { font-size: .95rem; margin: 1.2rem 0 .4rem; }
header, section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem; margin-bottom: 1rem; }
p { margin: .35rem 0; } .soft { color: var(--soft); font-size: .88rem; }
.gates { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem;
  list-style: none; margin: .9rem 0 0; padding: 0; }
.gates li { border: 1px solid var(--line); border-top: .28rem solid; border-radius: .5rem;
  padding: .55rem .7rem; }
.gates li > * { color: var(--ink); display: block; } .gates li > .soft { color: var(--soft); }
.word { font-weight: 650; display: inline-flex; align-items: center; gap: .4rem;
  vertical-align: bottom; }
.open { color: var(--open); } .closed { color: var(--closed); } .unknown { color: var(--unknown); }
.aborted { color: var(--aborted); }
.gates li.unknown { border-top-style: dashed; }
.next { box-shadow: 0 0 0 2px var(--soft); }
svg { width: 1em; height: 1em; flex: none; fill: currentColor; }
code { background: var(--code); border-radius: .3rem; padding: .1rem .35rem; font-size: .88em; }
.reason { border-left: .25rem solid var(--line); padding: .1rem 0 .1rem .7rem; margin: .7rem 0; }
.class { font-size: .75rem; letter-spacing: .03em; text-transform: uppercase; color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; white-space: nowrap; } th { color: var(--soft); font-weight: 500; }
td:last-child { white-space: normal; min-width: 11rem; overflow-wrap: anywhere; }
.keys td:last-child { min-width: 0; }
.alarm { border-color: var(--closed); } .alarm ul, section ul { margin: .3rem 0; padding-left: 1.2rem; }
.runbook { white-space: pre-wrap; } a { color: inherit; text-underline-offset: .15em; }
.scroll { overflow-x: auto; } details { margin-top: .6rem; } summary { cursor: pointer; }
@media (max-width: 32rem) { body { padding: .6rem; } header, section { padding: .8rem; }
  .gates { grid-template-columns: 1fr 1fr; } }
`;

/** SHA-256 of the style sheet, base64, for `style-src`. */
export const STYLE_SHA256: string = createHash('sha256').update(STYLE).digest('base64');
