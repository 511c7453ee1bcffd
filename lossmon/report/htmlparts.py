"""Style and script of the HTML report. The script draws a figure when it comes into view."""

from __future__ import annotations

_COLOURS = {
    "light": "--paper:#fff;--ink:#212121;--soft:#5f6368;--rule:#e0e0e0;--error:#b3261e;"
    "--warning:#8a5300;--info:#1a5fb4;--good:#1e7d34;color-scheme:light",
    "dark": "--paper:#303030;--ink:#f1f1f1;--soft:#b9bdc1;--rule:#555;--error:#ff8a80;"
    "--warning:#ffca7a;--info:#8ab4f8;--good:#81c995;color-scheme:dark",
}
_STYLE = """
body { margin: 0 auto; padding: 16px; max-width: 1000px; background: var(--paper);
  color: var(--ink); font: 14px/1.5 Roboto, 'Helvetica Neue', Arial, sans-serif; }
h1, h2, h3 { font-weight: 500; overflow-wrap: anywhere; }
h1 { font-size: 20px; } h2 { font-size: 17px; } h3 { font-size: 14px; }
p { margin: 4px 0; } a { color: inherit; }
code { overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: 12px; }
.problem, .warning { color: var(--warning); }
.bad, .error { color: var(--error); } .good { color: var(--good); } .info { color: var(--info); }
section.run { border-top: 1px solid var(--rule); padding: 8px 0 24px; }
details { padding: 4px 0; } summary { cursor: pointer; }
.depth-1 { margin-left: 20px; } .depth-2 { margin-left: 40px; } .depth-3 { margin-left: 60px; }
.figure { min-height: 60px; }
.heat { position: relative; max-height: 600px; overflow-y: auto; }
.rows { position: absolute; z-index: 1; width: 142px; font-size: 11px; text-align: right; }
.rows div { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.ramp { display: inline-block; width: 96px; height: 10px; }
"""
STYLES = {name: f":root {{{colours}}}\n{_STYLE}" for name, colours in _COLOURS.items()}
"""By the name of the look."""

SCRIPT = """
const items = JSON.parse(document.getElementById('figures').textContent);
const seen = new IntersectionObserver((entries) => {
  for (const {isIntersecting, target} of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    Bokeh.embed.embed_item(items[Number(target.dataset.figure)], target);
  }
}, {rootMargin: '200px'});
for (const place of document.querySelectorAll('[data-figure]')) seen.observe(place);
"""
