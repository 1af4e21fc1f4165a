import { homedir, platform } from 'node:os'
import { isAbsolute, join } from 'node:path'

interface Machine {
  platform: NodeJS.Platform
  home: string
  env: NodeJS.ProcessEnv
}

const thisMachine = (): Machine => ({ platform: platform(), home: homedir(), env: process.env })

/**
 * Where this user's tokens are kept, by the convention of the operating system. The Python package uses the same place.
 * @see XDG Base Directory Specification: a relative XDG_CONFIG_HOME is ignored.
 */
export function configDir({ platform, home, env }: Machine = thisMachine()): string {
  const name = 'modelops-gateway'
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), name)
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', name)
  const xdg = env.XDG_CONFIG_HOME
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.config'), name)
}
