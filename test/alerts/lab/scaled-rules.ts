import { rulesFile } from '../../../infra/prometheus/rules-file.ts'

/** How many times faster the lab's time runs: a minute of the rules is 1.5 s. Scrapes come every second. */
const FASTER = 40

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** `5m` becomes `7500ms`. */
const scaled = (amount: string, unit: string) => `${(Number(amount) * 1000 * (UNITS[unit] ?? 0)) / FASTER}ms`

/** The rules with every duration shortened: windows, offsets and `for`. Thresholds stay. */
export const scaledRules = (): string =>
  rulesFile().replaceAll(
    /(\[|offset |for: )(\d+)([smhd])\b/g,
    (_, before: string, amount: string, unit: string) => `${before}${scaled(amount, unit)}`,
  )
