import { type Html, type HtmlValue, html } from '../html.ts'

export interface Column {
  readonly title: string
  readonly isNumber?: boolean
}

/**
 * A table that becomes one card per row on narrow screens. The roles are written out, because browsers drop the meaning of
 * a table whose cells are displayed as blocks. Its caption is a heading of the page.
 */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly HtmlValue[])[]): Html {
  return html`<table class="cards" role="table"><caption><h2>${caption}</h2></caption>
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ title, isNumber }) =>
      html`<th role="columnheader" scope="col"${isNumber && html` class="number"`}>${title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">
${rows.map(
  (cells) => html`<tr role="row">${cells.map((cell, at) => cellOf(columns[at], cell))}</tr>
`,
)}</tbody></table>`
}

const cellOf = (column: Column | undefined, cell: HtmlValue) =>
  html`<td role="cell" data-label="${column?.title}"${column?.isNumber && html` class="number"`}><div>${cell}</div></td>`

/** Which part of a list a page shows. */
export interface Part {
  readonly search: string
  readonly offset: number
  readonly limit: number
  readonly total: number
}

/** Links to the parts before and after this one. @param path Of the page, without its query */
export function pager(path: string, { search, offset, limit, total }: Part, before: string, after: string): Html {
  const link = (to: number, name: string) => {
    const query = new URLSearchParams({ ...(search !== '' && { search }), offset: String(to) })
    return html`<a class="button quiet" href="${path}?${query.toString()}">${name}</a>`
  }
  return html`<nav class="pager" aria-label="Pages">${offset > 0 && link(Math.max(0, offset - limit), before)}
${offset + limit < total && link(offset + limit, after)}</nav>`
}

/** A moment in UTC, and how long ago it was. @param at Milliseconds since the epoch */
export function moment(at: number, now: number): Html {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time> <span class="soft">${ago(now - at)}</span>`
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** A duration in its largest whole unit. @param milliseconds */
export function duration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => milliseconds >= each) ?? ['second', 1000]
  const count = Math.max(0, Math.floor(milliseconds / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const ago = (milliseconds: number) => (milliseconds < 1000 ? 'just now' : `${duration(milliseconds)} ago`)

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Names as a list of labels. */
export const groupList = (names: readonly string[]): Html =>
  names.length === 0
    ? html`<p class="soft">none</p>`
    : html`<ul class="groups">${names.map((name) => html`<li>${name}</li>`)}</ul>`

/** Pairs of a name and a value. Undefined values are left out. */
export const facts = (pairs: readonly (readonly [name: string, value: HtmlValue])[]): Html =>
  html`<dl class="facts">${pairs
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
    )}</dl>`
