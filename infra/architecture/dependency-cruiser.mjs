// Rules for dependency-cruiser, made from rooms.ts: no cycle, and no import that a room does not name.
import { ROOMS } from './rooms.ts'

const pattern = ({ path }) => `^src/${path.replaceAll('.', '\\.')}(/|$)`
const byPath = new Map(ROOMS.map((room) => [room.path, room]))

export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      // In the bundle such an import has no named exports if the package is CommonJS. A file of its own can be imported lazily.
      name: 'no-lazy-package',
      severity: 'error',
      from: { path: '^src/' },
      to: { dynamic: true, dependencyTypes: ['npm', 'npm-dev', 'npm-optional'] },
    },
    {
      name: 'every-file-in-a-room',
      severity: 'error',
      from: { path: '^src/', pathNot: ROOMS.map(pattern) },
      to: {},
    },
    ...ROOMS.map((room) => ({
      name: `${room.path}-imports`,
      severity: 'error',
      from: { path: pattern(room) },
      to: {
        path: '^src/',
        pathNot: [pattern(room), ...room.mayImport.map((other) => pattern(byPath.get(other)))],
      },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.cjs', '.json'] },
  },
}
