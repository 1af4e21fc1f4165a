import { existsSync } from 'node:fs'
import { ensureDebian } from './debian.ts'
import { type Progress, toStderr } from './progress.ts'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The path of Chromium on this machine, or the one in `CHROMIUM`. @throws PartMissing */
export async function ensureChromium(progress: Progress = toStderr): Promise<string> {
  const found = [process.env.CHROMIUM ?? '', ...PLACES].find(existsSync)
  if (found !== undefined) return found
  await ensureDebian([{ command: 'chromium', debianPackage: 'chromium' }], progress)
  return '/usr/bin/chromium'
}
