/** The style sheet of the dashboard: light and dark by the browser's setting, from 320 px wide. */
export const STYLE = `:root { color-scheme: light dark; --ink: #17202b; --dim: #55616f; --paper: #f5f7f9; --card: #fff; --line: #dfe4e9; --faint: #eef1f4;
  --accent: #1d6a56; --idle: #55616f; --good: #1d6a56; --busy: #2356a5; --warn: #855400; --bad: #a3302a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e2e8ee; --dim: #97a5b3; --paper: #0f1419; --card: #161d24; --line: #2a343e; --faint: #1d252e;
  --accent: #6cc7ae; --idle: #97a5b3; --good: #6cc7ae; --busy: #8fb6f6; --warn: #e2b560; --bad: #f1948c; } }
* { box-sizing: border-box; }
html { scrollbar-gutter: stable; }
body { margin: 0; font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
main:focus { outline: none; }
.skip { position: absolute; left: -99rem; top: .5rem; z-index: 3; padding: .4rem .8rem; background: var(--card); border: 1px solid var(--accent); border-radius: .35rem; }
.skip:focus { left: .5rem; }
.top { display: flex; align-items: center; gap: .75rem; min-height: 3rem; padding: .4rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 2; }
.top form { display: flex; gap: .75rem; align-items: center; margin-left: auto; color: var(--dim); }
.mark { font-weight: 650; font-size: 1rem; letter-spacing: -.015em; text-decoration: none; color: var(--ink); }
.columns { display: grid; grid-template-columns: 11.5rem minmax(0, 1fr); align-items: start; max-width: 100rem; }
#navigation { display: block; position: sticky; inset: auto; top: 3rem; width: auto; height: auto; max-height: calc(100vh - 3rem); margin: 0; padding: 1rem .5rem 2rem .75rem; overflow-y: auto; border: 0; color: inherit; background: none; }
#navigation h2 { margin: .9rem .6rem .25rem; font-size: .72rem; font-weight: 600; letter-spacing: .05em; text-transform: uppercase; color: var(--dim); }
#navigation .group:first-child h2 { margin-top: 0; }
#navigation ul { margin: 0; padding: 0; list-style: none; }
#navigation a { display: block; padding: .22rem .6rem; border-radius: .35rem; text-decoration: none; color: var(--ink); }
#navigation a:hover { background: var(--faint); }
#navigation a[aria-current] { font-weight: 600; color: var(--accent); background: var(--faint); box-shadow: inset 2px 0 var(--accent); }
.menu { display: none; }
main { min-width: 0; padding: 1.1rem 1.5rem 1rem; }
main.narrow { max-width: 25rem; margin: 3rem auto; }
main > footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .25rem 1.5rem; margin-top: 2.5rem; padding-top: .6rem; border-top: 1px solid var(--line); font-size: .85em; color: var(--dim); }
footer button { padding: 0 .45rem; font-size: inherit; }
.trail { display: flex; gap: .4rem; margin: 0 0 .15rem; font-size: .9em; color: var(--dim); }
.heading { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .9rem; margin-bottom: .8rem; }
.heading h1, .heading h2 { margin: 0; }
.heading nav, .heading .end { margin-left: auto; }
p { overflow-wrap: break-word; }
h1 { margin: 0 0 .8rem; font-size: 1.35rem; font-weight: 650; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { margin: 1.6rem 0 .6rem; font-size: 1rem; font-weight: 650; letter-spacing: -.005em; }
h3 { margin: 1rem 0 .4rem; font-size: .95rem; }
section { margin-top: 1.6rem; }
section > .heading { margin-bottom: .55rem; }
code, pre { font: .92em/1.45 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
small { font-size: .86em; }
.cards small, .dim, td small, dd small { color: var(--dim); }
.cards small, td small { display: block; }
td small.why { max-width: 24rem; white-space: normal; }
.good { color: var(--good); } .busy { color: var(--busy); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: .75rem; padding: 0; list-style: none; }
.cards a { height: 100%; }
.cards a, .card { display: block; padding: .75rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; text-decoration: none; color: var(--ink); overflow-wrap: anywhere; }
.cards a:hover, a.tile:hover { border-color: var(--accent); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.35rem, 1fr)); gap: .5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.tile { display: flex; flex-direction: column; height: 100%; padding: .5rem .65rem .55rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; text-decoration: none; color: var(--ink); }
.tile .label { font-size: .82em; color: var(--dim); }
.tile strong { font-size: 1.15rem; white-space: nowrap; font-weight: 600; line-height: 1.25; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tile strong.plain { color: inherit; }
.badge { display: inline-block; padding: .02rem .45rem; border-radius: 1rem; font-size: .86em; font-weight: 550; white-space: nowrap; color: var(--dim); background: var(--faint); }
.badge.good { color: var(--good); background: color-mix(in srgb, var(--good) 11%, var(--card)); }
.badge.busy { color: var(--busy); background: color-mix(in srgb, var(--busy) 11%, var(--card)); }
.badge.warn { color: var(--warn); background: color-mix(in srgb, var(--warn) 13%, var(--card)); }
.badge.bad { color: var(--bad); background: color-mix(in srgb, var(--bad) 11%, var(--card)); }
.notice { margin: 0 0 1rem; padding: .5rem .8rem; border: 1px solid var(--line); border-left: 3px solid currentColor; border-radius: .35rem; background: var(--card); overflow-wrap: anywhere; }
.empty { margin: 0; padding: 1.1rem 1rem; border: 1px dashed var(--line); border-radius: .5rem; color: var(--dim); text-align: center; }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; font-size: .95em; }
main > table { background: var(--card); border: 1px solid var(--line); }
th, td { padding: .34rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
tbody tr:hover { background: color-mix(in srgb, var(--faint) 60%, transparent); }
thead th, thead td { font-size: .86em; font-weight: 550; white-space: nowrap; color: var(--dim); background: var(--faint); }
td.long { overflow-wrap: anywhere; min-width: 9rem; }
.fixed, time { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
time { font-variant-numeric: tabular-nums; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: .55rem 1.5rem; margin: 0 0 1rem; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.facts dt { font-size: .84em; color: var(--dim); }
.facts time + small { margin-left: .5rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.split { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 0 1.25rem; }
.progress { display: inline-flex; align-items: center; gap: .6rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.progress small { display: inline; margin-left: .3rem; }
progress { width: 7rem; height: .45rem; appearance: none; border: 0; border-radius: .3rem; overflow: hidden; background: var(--line); }
td progress { width: 4rem; }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--busy); }
progress::-moz-progress-bar { background: var(--busy); }
label { display: block; font-size: .88em; color: var(--dim); }
form > label { margin-bottom: .8rem; }
label.check { display: flex; gap: .5rem; align-items: baseline; color: inherit; }
input:not([type=hidden], [type=checkbox]), select, textarea { display: block; width: 100%; margin-top: .15rem; padding: .34rem .55rem; font: inherit; font-size: 14px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: .35rem; }
input:not([type=hidden]):hover, select:hover, textarea:hover { border-color: var(--dim); }
input::placeholder { color: var(--dim); opacity: 1; }
[aria-invalid=true] { border-color: var(--bad) !important; }
button { font: inherit; padding: .24rem .7rem; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: .35rem; cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--accent); color: var(--accent); }
button.main { padding: .38rem 1rem; font-weight: 600; border-color: var(--accent); background: var(--accent); color: var(--card); }
button.main:hover { filter: brightness(1.08); }
button.danger:hover { border-color: var(--bad); color: var(--bad); }
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: .5rem .7rem; margin-bottom: 1rem; }
.filters label { flex: 1 1 8rem; max-width: 14rem; margin: 0; }
.filters input:not([type=hidden]), .filters select { height: 2.1rem; }
.filters .buttons { display: flex; align-items: center; gap: .7rem; min-height: 2rem; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .35rem; }
td .actions { min-width: 9.5rem; }
td .actions input:not([type=hidden]) { flex: 1 0 100%; }
.actions input:not([type=hidden]) { width: 7rem; margin: 0; padding: .22rem .5rem; }
.links { display: flex; flex-wrap: wrap; gap: .2rem .8rem; } nav.links { margin-bottom: .8rem; }
.actions select { width: auto; margin: 0; padding: .22rem .4rem; }
details { margin-bottom: .8rem; }
summary { width: max-content; cursor: pointer; font-size: .9em; color: var(--dim); }
details > .facts { margin-top: .5rem; }
.bulk { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem; margin-bottom: 1rem; }
.form { max-width: 34rem; padding: .9rem 1rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.form small { display: block; color: var(--dim); }
.field { margin-bottom: .8rem; }
.pager { display: flex; gap: 1rem; align-items: center; margin-top: .7rem; color: var(--dim); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: .75rem; }
.chart { min-height: 12rem; margin: 0; padding: .5rem .4rem .2rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
.chart figcaption { margin: .1rem .5rem .3rem; font-size: .86em; font-weight: 550; color: var(--dim); }
.chart p { margin: .5rem; }
.uplot, .u-legend { font: 12px/1.4 system-ui, sans-serif !important; }
.u-legend { text-align: left !important; }
.u-legend th, .u-legend td { padding: .05rem .25rem; border: 0; background: none; font-size: 12px; }
.u-legend tr:hover { background: none; }
.spark { display: block; width: 7.5rem; height: 1.5rem; }
.spark path { fill: none; stroke: var(--accent); stroke-width: 1.25; vector-effect: non-scaling-stroke; }
.spark .area { fill: color-mix(in srgb, var(--accent) 15%, transparent); stroke: none; }
.week { display: block; width: 100%; min-width: 46rem; height: auto; font: 11px system-ui, sans-serif; }
.week text { fill: var(--dim); } .week .name { fill: var(--ink); }
.week line { stroke: var(--line); } .week .now { stroke: var(--bad); }
.week rect { fill: var(--accent); } .week .steady { fill: color-mix(in srgb, var(--accent) 35%, var(--card)); } .week .paused { fill: var(--line); }
iframe.email { width: 100%; height: 48rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
.feed { display: grid; gap: .75rem; padding: 0; max-width: 42rem; list-style: none; }
.feed p { margin: .35rem 0; }
.feed small { display: block; }
.feed img, .feed video { display: block; max-width: 100%; max-height: 20rem; margin: .5rem 0; border-radius: .4rem; }
.feed audio { display: block; width: 100%; margin: .5rem 0; }
@media (max-width: 56rem) {
  .columns { display: block; }
  .menu { display: inline-block; }
  .top { padding: .4rem .8rem; }
  main { padding: .9rem .8rem; }
  #navigation { display: none; position: fixed; inset: 3rem auto auto 0; width: min(18rem, 85vw); max-height: calc(100vh - 3.5rem); padding: .8rem; border: 1px solid var(--line); border-radius: 0 0 .6rem 0; background: var(--card); box-shadow: 0 1rem 3rem #0005; }
  #navigation:popover-open { display: block; }
  #navigation a { padding: .45rem .6rem; }
  .filters label { flex-basis: 45%; max-width: none; }
}
@media (prefers-reduced-motion: no-preference) { progress::-webkit-progress-value { transition: width .4s; } }
`;
