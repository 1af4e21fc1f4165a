import { ROOMS, type Room } from '../architecture/rooms.ts'
import { withSection } from './generated-section.ts'

const SECTION = {
  page: 'docs/explanation/architecture.md',
  begin: '<!-- rooms: generated from infra/architecture/rooms.ts by `npm run docs` -->',
  end: '<!-- /rooms -->',
}

/** `docs/explanation/architecture.md` with the table of rooms. */
export const architecturePage = (): string => withSection(SECTION, roomsTable())

const roomsTable = () => ['| room | contains | may import |', '| --- | --- | --- |', ...ROOMS.map(roomRow)].join('\n')

const roomRow = ({ path, holds, mayImport }: Room) =>
  `| \`${path}\` | ${holds} | ${mayImport.map(shortName).join(', ') || 'nothing'} |`

/** Rooms of the gateway are known by their last name. */
const shortName = (path: string) => `\`${path.replace(/^gateway\//, '')}\``
