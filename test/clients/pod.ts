import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files that Kubernetes mounts into a pod. */
export interface PodFiles {
  readonly namespace: string
  readonly token: string
}

/** `/var/run` is `/run`. */
const PLACE = '/run/secrets/kubernetes.io/serviceaccount'

/**
 * The command for a program that sees these files where a pod has them: a mount namespace of its own, which needs neither
 * root nor a container.
 */
export function inPod(dir: string, files: PodFiles, program: string, args: readonly string[]): [string, string[]] {
  const folder = join(dir, 'serviceaccount')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'token'), files.token)
  writeFileSync(join(folder, 'namespace'), files.namespace)
  const mount = `mount -t tmpfs none /run && mkdir -p ${PLACE} && cp "$0"/* ${PLACE}/ && exec "$@"`
  return ['unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, folder, program, ...args]]
}
