import { writeFileSync } from 'node:fs'

const WIDTH = 800
const HEIGHT = 240
const LEFT = 50
const BOTTOM = 24

/** Writes samples taken at even times as an SVG line above a zero axis. */
export function drawLine(
  file: string,
  samples: readonly number[],
  { title, last }: { title: string; last: string },
): void {
  const top = Math.max(...samples) * 1.1
  const x = (i: number) => LEFT + (i / Math.max(1, samples.length - 1)) * (WIDTH - LEFT - 10)
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 30)
  const points = samples.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  const ticks = [0, Math.round(top / 2), Math.round(top)].map(
    (value) =>
      `<text x="4" y="${y(value) + 4}">${value}</text><line x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(value)}" y2="${y(value)}" stroke="#ccc"/>`,
  )
  writeFileSync(
    file,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="monospace" font-size="11">
<title>${title}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="16" font-size="12">${title}</text>
${ticks.join('\n')}
<polyline points="${points}" fill="none" stroke="#06c" stroke-width="1.5"/>
<text x="${LEFT}" y="${HEIGHT - 6}">0</text><text x="${WIDTH - 60}" y="${HEIGHT - 6}">${last}</text>
</svg>
`,
  )
}
