/** One thing that users rely on. */
export interface Entry {
  /** What it is: `command`, `configuration`, `metric`, … */
  readonly kind: string
  /** As users write it; unique within its kind. */
  readonly name: string
  /** What else they rely on: type, default, status, labels. */
  readonly detail?: string | undefined
}

/** Ends the detail of an entry that is accepted for some time only. */
export const DEPRECATED = 'deprecated'

/** One line of the golden file. */
export const lineOf = ({ kind, name, detail = '' }: Entry): string =>
  detail === '' ? `${kind}  ${name}` : `${kind}  ${name}  ${detail}`

/** The inverse of {@link lineOf}. */
export function entryOf(line: string): Entry {
  const [kind = '', name = '', ...detail] = line.split('  ')
  return { kind, name, detail: detail.join('  ') }
}
