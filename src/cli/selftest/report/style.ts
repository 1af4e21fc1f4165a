/** Of the HTML report: readable without color, in both color schemes, on a phone and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--text:#1b1f24;--muted:#57606a;--back:#fff;--card:#f6f8fa;--line:#d0d7de;
--fail:#b3141d;--warning:#7a4b00;--pass:#17652f;--link:#0550ae}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--muted:#9aa4af;--back:#0d1117;--card:#161b22;--line:#3d444d;
--fail:#ff8f88;--warning:#e8b54a;--pass:#6fd58a;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:60rem;background:var(--back);color:var(--text);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}
a{color:var(--link)}p{margin:.25rem 0}.muted{color:var(--muted)}
.counts{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;padding:0;list-style:none}
.counts li{flex:1 1 8rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card)}
.counts b{display:block;font-size:1.5rem}
article{margin:.5rem 0;padding:.6rem .75rem;border:1px solid var(--line);border-left-width:.3rem;border-radius:.4rem;
background:var(--card)}
.fail{border-left-color:var(--fail)}.warning{border-left-color:var(--warning)}.pass{border-left-color:var(--pass)}
.status{font-weight:600}.fail .status{color:var(--fail)}.warning .status{color:var(--warning)}
.pass .status{color:var(--pass)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .75rem;margin:.4rem 0 0}
dt{color:var(--muted)}dd{margin:0;min-width:0}code{font-size:.875rem}
@media (max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.35rem}}
@media print{body{max-width:none}article{break-inside:avoid}}`
