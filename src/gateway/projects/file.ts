import { readFileSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Logger } from 'pino'
import { ConfigurationError } from '../../shared/settings/field-errors.ts'
import { parseSettings } from '../../shared/settings/load-settings.ts'
import { readSettingsFile } from '../../shared/settings/read-file.ts'
import { projectListErrors } from '../config/checks/projects.ts'
import { type ProjectConfig, projectList } from '../config/schema.ts'
import { ListedProjects } from '../policy/listed-projects.ts'
import type { ProjectSource } from './source.ts'

/** Reads a projects file: a YAML or JSON list of projects. @throws ConfigurationError with every error in it */
export function loadProjectsFile(path: string): ProjectConfig[] {
  const text = readSettingsFile(path, 'a readable YAML or JSON list of projects')
  const checks = (list: Partial<ProjectConfig[]>) => projectListErrors(list, '')
  // Whoever edits projects need not be whom the secrets of the gateway are for: no references.
  return parseSettings({ schema: projectList, checks, references: false }, text, path)
}

export interface WatchedProjects extends ProjectSource {
  close(): void
}

/**
 * `projects.source: file`: follows the file. The folder is watched, not the file, because editors and ConfigMaps
 * replace the file by renaming. After an invalid edit the last valid projects stay in use, and the errors are logged.
 */
export function watchProjectsFile(path: string, log: Logger, settleMs = 100): WatchedProjects {
  const file = resolve(path)
  let snapshot = new ListedProjects(loadProjectsFile(file))
  let text = readFileSync(file, 'utf8')
  let timer: NodeJS.Timeout | undefined

  const reload = () => {
    try {
      const next = readFileSync(file, 'utf8')
      if (next === text) return
      const projects = loadProjectsFile(file)
      text = next
      snapshot = new ListedProjects(projects)
      log.info({ event: 'projects-reloaded', projects: projects.length }, 'projects file reloaded')
    } catch (error) {
      const detail = error instanceof ConfigurationError ? error.errors : String(error)
      log.error({ event: 'projects-refused', detail }, 'projects file is invalid; the previous projects stay in use')
    }
  }
  const watcher = watch(dirname(file), (_event, name) => {
    // Kubernetes replaces a `..data` link, not the file itself.
    if (name !== null && name !== basename(file) && name !== '..data') return
    clearTimeout(timer)
    timer = setTimeout(reload, settleMs)
  })
  return {
    snapshot: () => snapshot,
    reportUnknown: () => undefined,
    close: () => {
      clearTimeout(timer)
      watcher.close()
    },
  }
}
