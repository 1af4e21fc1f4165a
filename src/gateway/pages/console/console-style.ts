/** What the pages of the console add to the style sheet of every page. */
export const CONSOLE_STYLE = `
.areas{width:100%;max-width:72rem;margin:0 auto;padding:0 1.25rem .5rem;display:flex;flex-wrap:wrap;gap:.15rem .35rem}
.areas a{padding:.3rem .7rem;border-radius:8px;text-decoration:none;color:var(--ink);font-weight:550}
.areas a:hover{background:var(--tint)}.areas a[aria-current]{background:var(--tint);color:var(--accent)}
header>div,main{max-width:72rem}
.cards{width:100%;border-collapse:separate;border-spacing:0;background:var(--card);border:1px solid var(--line);border-radius:var(--radius)}
.cards caption{text-align:left;padding:1.25rem 0 .7rem}.cards caption h2{margin:0}h1+.grid{margin-top:1.2rem}
.cards th{text-align:left;font-size:.8125rem;font-weight:600;color:var(--soft)}.cards th{overflow-wrap:normal}@media (min-width:46.01rem){.cards time{white-space:nowrap}}
.cards th,.cards td{padding:.6rem .9rem;vertical-align:top}.cards td{overflow-wrap:anywhere}
.cards tbody td{border-top:1px solid var(--line)}.cards .soft{display:block;font-size:.875rem}
.cards .number{text-align:right;font-variant-numeric:tabular-nums}
.cards code{font-size:.85rem}.halves th,.halves td{width:50%}
.fields{display:grid;gap:.9rem;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));align-items:end;margin:1rem 0}
.fields .wide{grid-column:1/-1}
form+p{margin-top:1.2rem}label{display:block;font-weight:600;font-size:.9rem}label .soft{font-weight:400}
input,select{font:inherit;font-weight:400;width:100%;margin-top:.25rem;padding:.5rem .65rem;min-height:2.75rem;border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink)}
input::placeholder{color:var(--soft);opacity:1}
.panel{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);padding:1.1rem 1.2rem;margin-top:1rem}
.panel h2{margin:0 0 .4rem}.panel p{overflow-wrap:anywhere}.panel.bad{border-left:4px solid var(--bad)}.panel.good{border-left:4px solid var(--ok)}
.panel .facts{margin-top:.6rem;padding-top:0;border:0}.panel .facts:first-child{margin-top:0}
.steps{list-style:none;margin:1rem 0 0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:var(--radius)}
.steps li{padding:.6rem 1rem .6rem 2.6rem;position:relative;overflow-wrap:anywhere}.steps li+li{border-top:1px solid var(--line)}
.steps li::before{content:"✓";position:absolute;left:1rem;color:var(--ok);font-weight:700}
.steps .denied::before{content:"✕";color:var(--bad)}.steps .skipped::before{content:"–";color:var(--soft)}
.steps .skipped{color:var(--soft)}.steps .soft{display:block;font-size:.875rem}
.groups{list-style:none;margin:.3rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.35rem}
.groups li{border:1px solid var(--line);border-radius:99px;padding:.05rem .65rem;font-size:.875rem;overflow-wrap:anywhere}
.groups .missing{border-color:var(--bad)}.groups .has{border-color:var(--ok)}
.good-text{color:var(--ok);font-weight:600}.bad-text{color:var(--bad);font-weight:600}
.links{display:flex;flex-wrap:wrap;gap:.1rem .9rem}.pager{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1rem;align-items:center}
.danger{background:transparent;color:var(--bad);border-color:var(--bad)}
:root{--ok:#23743d}@media (prefers-color-scheme:dark){:root{--ok:#74cf8f}}
@media (max-width:46rem){.cards,.cards tbody,.cards tr,.cards td{display:block}.cards thead{position:absolute;left:-999rem}
.cards{margin-top:1.25rem}.cards caption{display:block;padding:.7rem .9rem .3rem}.cards tr{padding:.5rem 0}.cards tr+tr{border-top:1px solid var(--line)}
.cards tbody td{border-top:0;padding:.2rem .9rem;display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:.6rem}
.cards td::before{content:attr(data-label);font-size:.8125rem;font-weight:600;color:var(--soft);padding-top:.1rem}
.cards .number{text-align:left}}
`
