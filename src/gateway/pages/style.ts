/** The style sheet of our pages. Inlined and allowed by its hash, so that a page needs no second request on any host. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#1b1f27;--soft:#596273;--line:#d9dde5;--accent:#1f54c4;
--on-accent:#fff;--tint:#e9effc;--bad:#c0392f;--radius:12px}
@media (prefers-color-scheme:dark){:root{--page:#12151b;--card:#1b2029;--ink:#e9ecf2;--soft:#a3adbd;--line:#313947;
--accent:#8fb3ff;--on-accent:#0d1526;--tint:#222d44;--bad:#ff8f87}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem}
header{background:var(--card);border-bottom:1px solid var(--line)}
header>div,main,footer{width:100%;max-width:60rem;margin:0 auto;padding:0 1.25rem}
header>div{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;align-items:center;min-height:4rem;padding-block:.6rem}
.brand{display:flex;gap:.6rem;align-items:center;margin-right:auto;font-weight:650;color:var(--ink);text-decoration:none}
.mark{width:1.4rem;height:1.4rem;border-radius:6px;border:5px solid var(--accent);border-right-color:transparent}
.account{display:flex;gap:1rem;align-items:center}
.who{color:var(--soft)}.who strong{color:var(--ink);font-weight:600}
main{flex:1;padding-block:2.25rem}
footer{padding-block:1.25rem;color:var(--soft);font-size:.875rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .4rem;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:1.1rem;margin:2.25rem 0 .8rem}
p{margin:.4rem 0}.soft{color:var(--soft)}
.narrow{max-width:34rem;margin:4vh auto 0;background:var(--card);border:1px solid var(--line);border-radius:var(--radius);
padding:2rem}
.grid{list-style:none;margin:0;padding:0;display:grid;gap:.9rem;grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr))}
.tile{display:block;height:100%;background:var(--card);border:1px solid var(--line);border-radius:var(--radius);
padding:1.1rem 1.2rem;color:var(--ink);text-decoration:none}
a.tile:hover{border-color:var(--accent);background:var(--tint)}
.tile strong{display:block;font-size:1.05rem}.tile span{color:var(--soft);font-size:.9rem}
.rows{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:var(--radius)}
.rows>li{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;padding:.8rem 1.2rem}
.rows>li+li{border-top:1px solid var(--line)}
.rows .name{flex:1 1 14rem;min-width:0;overflow-wrap:anywhere}.rows code{color:var(--soft)}
code{font:.8125rem/1.4 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
pre{margin:.6rem 0;padding:.8rem 1rem;background:var(--card);border:1px solid var(--line);border-radius:8px;white-space:pre-wrap}
.tag{border-radius:99px;background:var(--tint);color:var(--accent);padding:.1rem .65rem;font-size:.8125rem;font-weight:600}
form{margin:0}
button,.button{display:inline-block;font:inherit;font-weight:600;cursor:pointer;border-radius:8px;padding:.5rem 1rem;
border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);text-decoration:none}
button:hover,.button:hover{filter:brightness(1.08)}
.quiet{background:transparent;color:var(--accent);border-color:var(--line);font-weight:550}
.quiet:hover{border-color:var(--accent)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
.snippet{display:flex;gap:.6rem;align-items:flex-start;margin:.6rem 0}
.snippet pre{flex:1;min-width:0;overflow-x:auto;margin:0;padding:.6rem .8rem}
.copy{flex:none;min-width:6.2rem}
.heard{position:absolute;left:-999px}
.logo{max-height:2rem;max-width:12rem}
.tile>code{display:block;margin:.35rem 0}.tile .state{display:block;margin-top:.35rem;font-size:.8125rem;font-weight:600}
.tile .state::before{content:"";display:inline-block;width:.55rem;height:.55rem;margin-right:.4rem;border-radius:50%;background:#2c8a4b}
.tile .state.not-responding{color:var(--bad)}.tile .state.not-responding::before{border-radius:0;background:var(--bad)}
.next{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--accent);border-radius:var(--radius);
padding:1.1rem 1.2rem;margin-top:1.25rem}.next h2{margin:0}.next .actions{margin-top:.8rem}
.alert{border-top:4px solid var(--bad)}
.facts{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1.5rem 0 0;padding-top:1rem;
border-top:1px solid var(--line);font-size:.9rem}
.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
details{margin-top:1.25rem}summary{cursor:pointer;color:var(--soft);font-size:.9rem}
details pre{font:.8125rem/1.5 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
@media (max-width:34rem){.snippet{flex-direction:column;align-items:stretch}.copy{align-self:flex-end}.who{font-size:.9rem}main{padding-block:1.5rem}.narrow{padding:1.4rem}
.rows .name{flex-basis:100%}.rows .role{margin-right:auto}}
@media (forced-colors:active){.mark{forced-color-adjust:none}}
`

/** The logo as the tab icon. */
export const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath d='M20 4H7a3 3 0 0 0-3 3v10a3 3 0 0 0 3 3h13' fill='none' stroke='%233f74e8' stroke-width='5'/%3E%3C/svg%3E"
