import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebian } from './debian.ts'
import { checkout, partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const SOURCES = join(checkout, 'infra', 'clients', 'java')
const FILES = ['pom.xml', 'src/main/java/Quickstart.java']

/** Compiles the Java program of the guide with Maven. Resolves to its class path. @throws PartMissing */
export async function ensureJavaClient(progress: Progress = toStderr): Promise<string> {
  const commands = [
    { command: 'mvn', debianPackage: 'maven' },
    { command: 'javac', debianPackage: 'default-jdk-headless' },
  ]
  await ensureDebian(commands, progress)
  const hash = createHash('sha256')
  for (const file of FILES) hash.update(readFileSync(join(SOURCES, file)))
  const folder = partsDirectory(`java-client-${hash.digest('hex').slice(0, 12)}`)
  const target = join(folder, 'target')
  return await withLock('java-client', progress, async () => {
    const stamp = join(folder, 'compiled')
    if (!existsSync(stamp)) {
      progress('Java client: compiling with Maven (once)')
      rmSync(folder, { recursive: true, force: true })
      cpSync(SOURCES, folder, { recursive: true })
      const goals = ['-q', '-B', 'package', 'dependency:copy-dependencies']
      const { ok, tail } = await run('mvn', goals, { cwd: folder })
      if (!ok) throw new PartMissing(`Maven could not compile the Java client. It needs Maven Central.\n${tail}`)
      writeFileSync(stamp, '')
    }
    return `${join(target, 'classes')}:${join(target, 'dependency', '*')}`
  })
}
