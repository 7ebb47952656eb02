"""How the laboratory looks: dense, calm, legible; the same tokens in light and dark."""

from __future__ import annotations

from typing import Final

from anodefree.core.figure import COLOURS

BLUE: Final = COLOURS[0]
RED: Final = "#a33b00"
GREEN: Final = "#00664a"
"""White on each of these has a contrast of 5 or more."""
SCHEMES: Final[dict[str, bool | None]] = {"auto": None, "light": False, "dark": True}

ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#0072B2"/>'
    '<path d="M6 24h20" stroke="#fff" stroke-width="3"/>'
    '<path d="M9 24v-5m4.7 5v-9m4.6 9v-7m4.7 7v-11" stroke="#E69F00" stroke-width="3" stroke-linecap="round"/></svg>'
)
"""A collector with a growing deposit."""

CSS: Final = (
    """
:root { --af-page: #f6f7f8; --af-card: #fff; --af-ink: #1b1f24; --af-soft: #5b626b; --af-line: #d5d9de;
  --af-link: #00568a; --af-good: #00664a; --af-warn: #8a5a00; --af-bad: #a33b00; --af-focus: #D55E00; }
body.body--dark { --af-page: #14171a; --af-card: #1d2125; --af-ink: #e7eaed; --af-soft: #a4acb5; --af-line: #3a4047;
  --af-link: #6fc3f2; --af-good: #4fd1a5; --af-warn: #efbf4a; --af-bad: #ff9a66; --af-focus: #E69F00; }
body, body.body--dark { background: var(--af-page); color: var(--af-ink);
  font: 15px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; }
.nicegui-content { padding: 0; gap: 0; display: block; width: 100%; }
a.nicegui-link { color: var(--af-link);
  text-decoration: underline; text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--af-focus) !important; outline-offset: 2px; border-radius: 3px; }
.q-field:has(:focus-visible) .q-field__control { outline: 3px solid var(--af-focus); outline-offset: 1px; border-radius: 4px; }
.q-field :focus-visible, #main:focus { outline: none !important; }
.no-outline:focus-visible, .q-focusable:focus-visible { box-shadow: 0 0 0 3px var(--af-focus) !important; }
.q-item.q-focusable:focus-visible { box-shadow: inset 0 0 0 3px var(--af-focus) !important; }
.af-skip { position: absolute; left: -999em; top: 0; z-index: 99; padding: .5em 1em; background: var(--af-card); }
.af-skip:focus { left: .5em; top: .5em; }
.af-header { display: flex; flex-wrap: wrap; align-items: center; gap: .2em 1.1em; padding: .35em 1.2em;
  background: var(--af-card);  border-bottom: 1px solid var(--af-line); }
.af-header a.nicegui-link { text-decoration: none; color: var(--af-ink); }
.af-header a.af-brand { font-weight: 700; color: var(--af-link); letter-spacing: .01em; }
.af-project { font-weight: 600; max-width: 22em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.af-more { display: flex; align-items: center; gap: .2em 1.1em; flex: 1 1 0; }
.af-menu { display: none; margin-left: auto; padding: .3em .8em; border: 1px solid var(--af-line); border-radius: 4px;
  background: none; color: inherit; font: inherit; cursor: pointer; }
.af-menu[aria-expanded=true] { background: var(--af-page); }
.af-nav { display: flex; flex-wrap: wrap; gap: .1em .2em; }
.af-nav a { padding: .3em .65em; border-radius: 4px; }
.af-nav a:hover { background: var(--af-page); }
.af-nav a[aria-current] { background: var(--af-page); font-weight: 600; box-shadow: inset 0 -2px var(--af-link); }
.af-space { flex: 1 1 0; }
.af-user, .af-soft { color: var(--af-soft); font-size: 13px; }
.af-main { max-width: 1240px; margin: 0 auto; padding: .8em 1.2em 3em; display: flex; flex-direction: column; gap: 1em; }
.af-h1 { font-size: 1.45rem; font-weight: 650; line-height: 1.25; margin: .3em 0 0; }
.af-h2 { font-size: 1.05rem; font-weight: 650; line-height: 1.3; margin: 0 0 .4em; }
.af-h3 { font-size: .95rem; font-weight: 650; margin: .4em 0 .2em; }
.af-card { background: var(--af-card); border: 1px solid var(--af-line); border-radius: 6px; padding: .9em 1.1em;
  min-width: 0; }
.af-row { display: flex; flex-wrap: wrap; align-items: center; gap: .5em .8em; }
.af-grid { display: grid; gap: 1em; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
.af-view { border-top: 1px solid var(--af-line); padding-top: .5em; min-width: 0; max-width: 100%; }
.js-plotly-plot { min-width: 0; max-width: 100%; overflow: hidden; }
.af-table .q-table__title { font-size: .95rem; font-weight: 650; }
.af-table .q-table__top { padding: .4em 0 0; } .af-table thead th { color: var(--af-soft); }
.af-table, .af-table .q-table__card { background: transparent; color: var(--af-ink); }
.af-good { color: var(--af-good); } .af-warn { color: var(--af-warn); } .af-bad { color: var(--af-bad); }
.q-btn { text-transform: none; }
.body--dark .text-primary { --q-primary: #6fc3f2; }
.text-negative { --q-negative: var(--af-bad); } .text-positive { --q-positive: var(--af-good); }
.text-warning { --q-warning: var(--af-warn); }
.q-btn--dense.q-btn--outline, .q-btn--dense.q-btn--flat { padding: .1em .5em; }
.q-btn.disabled { opacity: .7 !important; }
.body--dark .q-field__native, .body--dark .q-field__label, .body--dark .q-field__input { color: var(--af-ink); }
@media (max-width: 900px) { .af-header { flex-wrap: nowrap; position: relative; }
  .af-project { min-width: 0; } .af-menu { display: block; flex: none; } .af-more { display: none; }
  .af-menu[aria-expanded=true] + .af-more { display: flex; flex-direction: column; align-items: stretch; gap: .3em;
    position: absolute; top: 100%; right: 0; z-index: 30; min-width: 15em; padding: .5em .9em .7em; background: var(--af-card);
    border: 1px solid var(--af-line); border-top: 0; border-radius: 0 0 6px 6px; box-shadow: 0 6px 14px rgba(0, 0, 0, .18); }
  .af-nav { flex-direction: column; } .af-nav a { padding: .5em .65em; } .af-space { display: none; }
  .af-user { padding: 0 .65em; } .af-more .q-field { padding: 0 .65em; } }
@media (max-width: 600px) { .af-main { padding: .6em .7em 2em; } .af-header { padding: .35em .7em; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
:root { """
    + " ".join(f"--af-c{i}: {c};" for i, c in enumerate(COLOURS))
    + " }"
)
