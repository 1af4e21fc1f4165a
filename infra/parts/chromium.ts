import { existsSync } from 'node:fs'
import { ensureDebian } from './debian.ts'
import { type Progress, toStderr } from './progress.ts'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of a Chromium on this machine; `CHROMIUM` names another one. @throws PartMissing */
export async function ensureChromium(progress: Progress = toStderr): Promise<string> {
  const found = [process.env.CHROMIUM ?? '', ...PLACES].find(existsSync)
  if (found !== undefined) return found
  await ensureDebian([{ command: 'chromium', debianPackage: 'chromium' }], progress)
  return '/usr/bin/chromium'
}
