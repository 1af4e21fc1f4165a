import { readFileSync } from 'node:fs'
import { ROOMS, type Room } from '../architecture/rooms.ts'

const PAGE = 'docs/architecture.md'
const BEGIN = '<!-- rooms: generated from infra/architecture/rooms.ts by `npm run docs` -->'
const END = '<!-- /rooms -->'

/** `docs/architecture.md`: written by hand, except for the table of rooms between two markers. */
export function architecturePage(): string {
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`${PAGE}: expected the markers ${BEGIN} and ${END}`)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${roomsTable()}\n\n${page.slice(end)}`
}

const roomsTable = () => ['| room | contains | may import |', '| --- | --- | --- |', ...ROOMS.map(roomRow)].join('\n')

const roomRow = ({ path, holds, mayImport }: Room) =>
  `| \`${path}\` | ${holds} | ${mayImport.map(shortName).join(', ') || 'nothing'} |`

/** Rooms of the gateway are known by their last name. */
const shortName = (path: string) => `\`${path.replace(/^gateway\//, '')}\``
