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

/** A container engine whose images, containers and settings are in `.parts/podman` and nowhere else on the machine. */
export interface Podman {
  /** Path of `podman-compose`. */
  readonly compose: string
  /** What both programs need in their environment. */
  readonly env: Record<string, string>
}

/** Makes sure of podman and podman-compose. @throws PartMissing */
export async function ensurePodman(progress: Progress = toStderr): Promise<Podman> {
  if (process.getuid?.() !== 0) {
    throw new PartMissing('The compose tier must run as root: it makes containers, networks and namespaces of its own.')
  }
  await ensureDebian(COMMANDS, progress)
  const requirements = [join(checkout, 'infra', 'compose', 'requirements.txt')]
  const venv = await ensureVenv(
    { name: 'podman-compose', title: 'podman-compose', megabytes: 1, requirements },
    progress,
  )
  return { compose: join(venv, 'bin', 'podman-compose'), env: engineEnvironment(partsDirectory('podman')) }
}

/** Writes the engine's settings; resolves to the variables that name them. */
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
    // there is no systemd whose timers would ask for health: whoever waits asks
    DISABLE_HC_SYSTEMD: 'true',
  }
}

/** The limits are below what a machine may forbid to raise; its own hosts file is no business of the containers. */
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
