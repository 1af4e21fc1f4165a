import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../parts/run.ts'
import { must } from '../../parts/run-or-throw.ts'

/** Of a package, nobody reads these in a container. The licences in `usr/share/doc` stay. */
const UNREAD = ['man', 'locale', 'lintian', 'doc-base', 'bug', 'info']
const CERTIFICATES = 'usr/share/ca-certificates/mozilla'

/**
 * Unpacks Debian packages without running their scripts, and does what those would do.
 * @param packages Files by the names of the packages.
 * @param root An empty folder.
 */
export async function unpackBase(packages: ReadonlyMap<string, string>, root: string): Promise<void> {
  const status = join(root, 'var', 'lib', 'dpkg', 'status.d')
  mkdirSync(status, { recursive: true })
  for (const [name, file] of packages) {
    await must('dpkg-deb', ['--extract', file, root])
    // Scanners for vulnerabilities read the packages of an image here.
    const control: string[] = []
    const read = await run('dpkg-deb', ['--field', file], { onLine: (line) => void control.push(line) })
    if (!read.ok) throw new Error(`dpkg-deb cannot read ${name}.\n${read.tail}`)
    writeFileSync(join(status, name), `${control.join('\n')}\n`)
  }
  for (const name of UNREAD) rmSync(join(root, 'usr', 'share', name), { recursive: true, force: true })
  joinCertificates(root)
  writeFileSync(join(root, 'etc', 'passwd'), PASSWD)
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnonroot:x:65532:\n')
}

const PASSWD = `root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin
`

/** One file of all authorities, as `update-ca-certificates` writes it. */
function joinCertificates(root: string): void {
  const folder = join(root, 'etc', 'ssl', 'certs')
  mkdirSync(folder, { recursive: true })
  const bundle = join(folder, 'ca-certificates.crt')
  for (const name of readdirSync(join(root, CERTIFICATES)).sort())
    appendFileSync(bundle, `${readFileSync(join(root, CERTIFICATES, name), 'utf8').trim()}\n`)
}
