import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'

/** Port 0 asks the system for a free port, so two of them differ. */
export function listenErrors({ listen, adminListen }: Config['server']): CheckError[] {
  if (adminListen === undefined || adminListen.endsWith(':0') || adminListen !== listen) return []
  return [
    {
      path: 'server.adminListen',
      expected: 'another address or port than server.listen',
      got: 'the same',
      hint: 'Choose another port, e.g. 127.0.0.1:4181.',
      dependsOn: ['server.listen'],
    },
  ]
}
