import { Option } from 'commander'

/** Options and warnings of the commands that load a configuration without running it. */

export const offlineOption = (description: string) => new Option('--offline', description)

export const noSecretsOption = () =>
  new Option('--no-secrets', 'accept environment variables that are not set and files that cannot be read (for CI)')

export const warnOf =
  (file: string) =>
  (message: string): void =>
    console.error(`${file}: warning: ${message}`)
