import { writeFileSync } from 'node:fs'

const WIDTH = 800
/** Of a panel by itself, and of one among several. */
const [ALONE, AMONG_OTHERS] = [240, 150]
const LEFT = 50
const BOTTOM = 24

/** Follows the reader's light or dark theme. The colours of the lines have a contrast of 3:1 or more in both. */
const STYLE = `<style>
.page{fill:#fff}.text{fill:#24292f}.grid{stroke:#ccc}.line{fill:none;stroke-width:1.5}.line0{stroke:#06c}.line1{stroke:#c2410c}
@media (prefers-color-scheme:dark){.page{fill:#0d1117}.text{fill:#d1d7e0}.grid{stroke:#3d444d}.line0{stroke:#58a6ff}.line1{stroke:#f0883e}}
</style>`

/** Lines above one zero axis, of samples taken at even times. */
export interface Panel {
  readonly title: string
  readonly lines: readonly (readonly number[])[]
}

export interface Chart {
  readonly title: string
  /** What the lines of each panel are, where there are two. */
  readonly names?: readonly [string, string]
  /** The time of the last sample, such as `30 min`. */
  readonly last: string
  readonly panels: readonly Panel[]
}

/** Writes samples taken at even times as an SVG line above a zero axis. */
export function drawLine(
  file: string,
  samples: readonly number[],
  { title, last }: { title: string; last: string },
): void {
  writeFileSync(file, chartOf({ title, last, panels: [{ title, lines: [samples] }] }))
}

/** An SVG with the panels one below the other. */
export function chartOf({ title, names, last, panels }: Chart): string {
  const above = names === undefined ? 0 : 28
  const each = panels.length === 1 ? ALONE : AMONG_OTHERS
  const height = above + panels.length * each
  const legend = names?.map(
    (name, i) =>
      `<line class="line line${i}" x1="${LEFT + i * 120}" x2="${LEFT + 20 + i * 120}" y1="14" y2="14"/><text x="${LEFT + 26 + i * 120}" y="18">${name}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">
<title>${title}</title>
${STYLE}
<rect class="page" width="${WIDTH}" height="${height}"/>
<g class="text">
${[...(legend ?? []), ...panels.map((panel, i) => panelOf(panel, { top: above + i * each, height: each, last }))].join('\n')}
</g>
</svg>
`
}

interface Place {
  readonly top: number
  readonly height: number
  readonly last: string
}

function panelOf({ title, lines }: Panel, { top, height, last }: Place): string {
  const most = Math.max(1, ...lines.flat()) * 1.1
  const y = (value: number) => top + height - BOTTOM - (value / most) * (height - BOTTOM - 30)
  const ticks = [0, Math.round(most / 2), Math.round(most)].map(
    (value) =>
      `<text x="4" y="${y(value) + 4}">${value}</text><line class="grid" x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(value)}" y2="${y(value)}"/>`,
  )
  const drawn = lines.map((samples, i) => {
    const x = (index: number) => LEFT + (index / Math.max(1, samples.length - 1)) * (WIDTH - LEFT - 10)
    const points = samples.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`)
    return `<polyline class="line line${i}" points="${points.join(' ')}"/>`
  })
  return `<text x="${LEFT}" y="${top + 16}" font-size="12">${title}</text>
${ticks.join('\n')}
${drawn.join('\n')}
<text x="${LEFT}" y="${top + height - 6}">0</text><text x="${WIDTH - 60}" y="${top + height - 6}">${last}</text>`
}
