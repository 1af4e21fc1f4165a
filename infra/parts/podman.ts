import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebian } from './debian.ts'
import { checkout, partsDirectory } from './directories.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { ensureVenv } from './venv.ts'

const COMMANDS = [
  { command: 'podman', debianPackage: 'podman' },
  { command: 'runc', debianPackage: 'runc' },
  { command: 'iptables', debianPackage: 'iptables' },
  { command: 'debootstrap', debianPackage: 'debootstrap' },
  { command: 'ip', debianPackage: 'iproute2' },
  { command: '/usr/lib/podman/netavark', debianPackage: 'netavark' },
  { command: '/usr/lib/podman/aardvark-dns', debianPackage: 'aardvark-dns' },
]

/** A container engine with all images, containers and settings in `.parts/podman`. */
export interface Podman {
  /** Path of `podman-compose`. */
  readonly compose: string
  /** Environment of both programs. */
  readonly env: Record<string, string>
}

/** Installs podman and podman-compose. @throws PartMissing */
export async function ensurePodman(progress: Progress = toStderr): Promise<Podman> {
  if (process.getuid?.() !== 0) {
    throw new PartMissing('The compose tier must run as root, because it creates containers, networks and namespaces.')
  }
  await ensureDebian(COMMANDS, progress)
  const requirements = [join(checkout, 'infra', 'compose', 'requirements.txt')]
  const venv = await ensureVenv(
    { name: 'podman-compose', title: 'podman-compose', megabytes: 1, requirements },
    progress,
  )
  return { compose: join(venv, 'bin', 'podman-compose'), env: engineEnvironment(partsDirectory('podman')) }
}

/** Writes the engine's settings. Resolves to the variables that name them. */
function engineEnvironment(folder: string): Record<string, string> {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  mkdirSync(join(folder, 'networks'), { recursive: true })
  return {
    CONTAINERS_CONF: write('containers.conf', CONTAINERS(folder)),
    CONTAINERS_STORAGE_CONF: write('storage.conf', STORAGE(folder)),
    CONTAINERS_REGISTRIES_CONF: write('registries.conf', 'unqualified-search-registries = ["docker.io"]\n'),
    // There is no systemd to run health checks on timers. The tests run them while they wait.
    DISABLE_HC_SYSTEMD: 'true',
  }
}

/** The limits do not need to be raised. Containers do not use the machine's hosts file. */
const CONTAINERS = (folder: string) => `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
base_hosts_file = "none"
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "${folder}/networks"
`

const STORAGE = (folder: string) => `[storage]
driver = "overlay"
graphroot = "${folder}/storage"
runroot = "${folder}/run"
`
