import { readFileSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Logger } from 'pino'
import { parse } from 'yaml'
import { ConfigurationError, fieldErrorsOf } from '../../shared/settings/field-errors.ts'
import { projectFaults } from '../config/checks.ts'
import { type ProjectConfig, projectList } from '../config/schema.ts'
import { ProjectSnapshot } from '../policy/project-snapshot.ts'

/** Reads a projects file: a YAML or JSON list of projects. @throws ConfigurationError with every fault of it */
export function loadProjectsFile(path: string): ProjectConfig[] {
  let raw: unknown
  try {
    raw = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'unreadable'
    throw new ConfigurationError(path, [
      { path: '', expected: 'a readable YAML or JSON list of projects', got: `${why}` },
    ])
  }
  const result = projectList.safeParse(raw)
  if (!result.success) throw new ConfigurationError(path, fieldErrorsOf(result.error, raw))
  const faults = projectFaults(result.data, '')
  if (faults.length > 0) throw new ConfigurationError(path, faults)
  return result.data
}

export interface WatchedProjects {
  readonly projects: ProjectSnapshot
  close(): void
}

/**
 * `projects.source: file`: follows the file. The folder is watched, not the file, because editors and ConfigMaps
 * replace it by rename. A bad edit keeps the projects as they were and says so in the log.
 */
export function watchProjectsFile(path: string, log: Logger, settleMs = 100): WatchedProjects {
  const file = resolve(path)
  const projects = new ProjectSnapshot(loadProjectsFile(file))
  let timer: NodeJS.Timeout | undefined
  let text = readFileSync(file, 'utf8')

  const reload = () => {
    try {
      const now = readFileSync(file, 'utf8')
      if (now === text) return
      const list = loadProjectsFile(file)
      text = now
      projects.replace(list)
      log.info({ event: 'projects-reloaded', projects: list.length }, 'projects file reloaded')
    } catch (error) {
      const detail = error instanceof ConfigurationError ? error.errors : String(error)
      log.error({ event: 'projects-refused', detail }, 'projects file has faults; the former projects stay in force')
    }
  }
  const watcher = watch(dirname(file), (_event, name) => {
    // Kubernetes swaps a `..data` link instead of the file itself.
    if (name !== null && name !== basename(file) && name !== '..data') return
    clearTimeout(timer)
    timer = setTimeout(reload, settleMs)
  })
  return {
    projects,
    close: () => {
      clearTimeout(timer)
      watcher.close()
    },
  }
}
