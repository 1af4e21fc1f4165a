import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

/** `flame.ts PROFILE.cpuprofile OUT.svg TITLE`: a V8 CPU profile as a flame graph, widths by time, idle left out. */

interface ProfileNode {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
  children?: number[]
}
interface Frame {
  name: string
  self: number
  total: number
  children: Map<string, Frame>
}

const WIDTH = 1200
const ROW = 16
/** Frames narrower than this are left out, in pixels. */
const LEAST = 2

const [profileFile = '', svgFile = '', title = ''] = process.argv.slice(2)
const profile = JSON.parse(readFileSync(profileFile, 'utf8')) as {
  nodes: ProfileNode[]
  samples: number[]
  timeDeltas: number[]
}

const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
const parents = new Map(
  profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)),
)
const nameOf = ({ callFrame: { functionName, url, lineNumber } }: ProfileNode) =>
  `${functionName || '(anonymous)'}${url === '' ? '' : ` ${basename(url)}:${lineNumber + 1}`}`

const root: Frame = { name: 'all', self: 0, total: 0, children: new Map() }
for (const [i, sample] of profile.samples.entries()) {
  const stack: string[] = []
  for (let id: number | undefined = sample; id !== undefined; id = parents.get(id))
    stack.unshift(nameOf(nodes.get(id) as ProfileNode))
  if (stack.at(-1) === '(idle)') continue
  add(root, stack.slice(1), profile.timeDeltas[i] ?? 0)
}

function add(frame: Frame, stack: readonly string[], time: number): void {
  frame.total += time
  const [name, ...rest] = stack
  if (name === undefined) return
  const child = frame.children.get(name) ?? { name, self: 0, total: 0, children: new Map() }
  frame.children.set(name, child)
  add(child, rest, time)
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const boxes: string[] = []
let depth = 0
function draw(frame: Frame, x: number, level: number): void {
  const width = (frame.total / root.total) * WIDTH
  if (width < LEAST) return
  depth = Math.max(depth, level)
  const share = `${((frame.total / root.total) * 100).toFixed(1)} %`
  const hue = frame.name.includes('.ts:') ? 30 : frame.name.includes('node:') ? 200 : 120
  const label =
    width > 40
      ? `<text x="${(x + 3).toFixed(1)}" y="${level * ROW + 12}">${escaped(frame.name.slice(0, Math.floor(width / 6.2)))}</text>`
      : ''
  boxes.push(
    `<g><title>${escaped(frame.name)}, ${share}</title><rect x="${x.toFixed(1)}" y="${level * ROW}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="hsl(${hue},60%,75%)"/>${label}</g>`,
  )
  let at = x
  for (const child of [...frame.children.values()].toSorted((a, b) => b.total - a.total)) {
    draw(child, at, level + 1)
    at += (child.total / root.total) * WIDTH
  }
}
draw(root, 0, 1)
const height = (depth + 2) * ROW
writeFileSync(
  svgFile,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10">\n<title>${escaped(title)}</title>\n<rect width="100%" height="100%" fill="#fff"/>\n<text x="3" y="12" font-size="12">${escaped(title)}</text>\n${boxes.join('\n')}\n</svg>\n`,
)
