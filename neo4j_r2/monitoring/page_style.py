"""The page's style, and the policy that lets a browser load this style and nothing else."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_RULES: Final = """
:root {
  color-scheme: light dark;
  --page: #f3f5f8; --card: #ffffff; --text: #17202e; --quiet: #566175; --line: #dde2ea;
  --bar: #3b74d8; --soft: #5f8ae0; --good: #14804a; --good-soft: #e4f5ec; --bad: #c32634;
  --bad-soft: #fdebec; --wait: #8a5a00; --wait-soft: #fdf3dc; --link: #1d5bc7; --code: #eef1f6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1219; --card: #161d27; --text: #e7ebf2; --quiet: #9ca8ba; --line: #2a3442;
    --bar: #6a9dff; --soft: #4a74bf; --good: #47c98a; --good-soft: #12291f; --bad: #ff7d83;
    --bad-soft: #341a1e; --wait: #f0bd5b; --wait-soft: #2f2512; --link: #8fb6ff; --code: #0d131b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 3rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1, h2, h3, p, ul, dl, dd, figure, pre { margin: 0; }
h1 { font-size: 1.5rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { font-size: 1.25rem; line-height: 1.3; }
h3 { font-size: 1rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }
header {
  display: flex; flex-wrap: wrap; align-items: end; justify-content: space-between;
  gap: 0.25rem 2rem; margin-bottom: 1rem;
}
header p, footer, .quiet, figcaption, dt, th { color: var(--quiet); }
header p, footer, .quiet, figcaption { font-size: 0.875rem; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 1.25rem; margin-bottom: 1rem; display: grid; gap: 1.25rem;
}
section, section * { min-width: 0; }
.state {
  --mark: var(--good); padding-left: 1.75rem;
  background-image: linear-gradient(to right, var(--mark) 6px, transparent 6px);
}
.state.bad { --mark: var(--bad); }
.state.wait { --mark: var(--wait); }
.verdict { display: flex; align-items: center; gap: 0.75rem; }
.verdict h2 { font-size: 1.5rem; }
.verdict svg { width: 2.25rem; height: 2.25rem; flex: none; }
.verdict circle { fill: var(--mark); }
.verdict path { fill: none; stroke: var(--card); stroke-width: 2.5; stroke-linecap: round; }
.notes { padding: 0; list-style: none; display: grid; gap: 0.5rem; }
.notes li, .note {
  background: var(--bad-soft); border-left: 3px solid var(--bad); border-radius: 6px;
  padding: 0.5rem 0.75rem;
}
.notes li::first-letter { text-transform: uppercase; }
.note.wait { background: var(--wait-soft); border-left-color: var(--wait); }
.tiles { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
.tiles div { border: 1px solid var(--line); border-radius: 10px; padding: 0.75rem 0.875rem; }
dt { font-size: 0.8125rem; }
.value { font-size: 1.25rem; font-weight: 600; line-height: 1.35; }
.failed { color: var(--bad); font-weight: 600; }
.proved { color: var(--good); font-weight: 600; }
.part { display: grid; gap: 0.5rem; }
figure { display: grid; gap: 0.25rem; }
.charts {
  display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr));
}
svg { display: block; overflow: visible; }
.bars { width: 100%; height: 5.5rem; }
.bars rect { fill: var(--bar); }
.bars .bad { fill: var(--bad); }
.bars line, .points .axis { stroke: var(--line); stroke-width: 1; }
.cross { fill: none; stroke: var(--bad); stroke-width: 2; stroke-linecap: round; }
.points { width: 100%; height: 4.25rem; }
.full { stroke: var(--bar); stroke-width: 3; stroke-linecap: round; }
.incremental { stroke: var(--soft); stroke-width: 2; stroke-linecap: round; }
.unknown { stroke: var(--quiet); stroke-width: 2; stroke-dasharray: 3 3; }
.before { fill: var(--card); stroke: var(--wait); stroke-width: 1.5; }
.ring { fill: var(--card); stroke: var(--good); stroke-width: 2; r: 4px; }
.ends { display: flex; justify-content: space-between; gap: 1rem; }
.legend {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; list-style: none;
  font-size: 0.875rem;
}
.legend li { display: flex; align-items: center; gap: 0.375rem; }
.legend svg { width: 1rem; height: 1.75rem; }
summary {
  cursor: pointer; color: var(--link); font-size: 0.875rem; width: max-content; max-width: 100%;
}
.scroll { overflow-x: auto; }
details .scroll { margin-top: 0.5rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; overflow-wrap: normal; }
th, td {
  text-align: start; padding: 0.375rem 1rem 0.375rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top;
}
th { font-weight: 500; }
tbody th { color: var(--text); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
tfoot td, tfoot th { font-weight: 600; color: var(--text); }
.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.tiles time { white-space: normal; }
pre {
  background: var(--code); border: 1px solid var(--line); border-radius: 8px;
  padding: 0.75rem 0.875rem; white-space: pre-wrap; user-select: all;
}
code, pre { font-family: ui-monospace, monospace; font-size: 0.875rem; }
.again { white-space: nowrap; }
footer { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
@media (max-width: 40rem) {
  body { padding: 1rem 0.625rem 2rem; }
  section { padding: 1rem; }
  .state { padding-left: 1.25rem; }
  .tiles { gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
  .tiles div { padding: 0.625rem 0.5rem; }
  .tiles .quiet { font-size: 0.8125rem; }
  .value { font-size: 1.125rem; }
  .ring { r: 2.5px; stroke-width: 1.5; }
}
@media (forced-colors: active) {
  .bars rect, .verdict circle { fill: CanvasText; }
  .full, .incremental, .unknown, .ring, .before, .cross, .axis { stroke: CanvasText; }
}
@media print { .skip, .again { display: none; } }
"""
STYLE: Final = " ".join(_RULES.split())
"""Without quotes and without < and >: escaped, it is the same."""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
