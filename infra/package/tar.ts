import { must } from '../parts/run-or-throw.ts'

export interface TarOptions {
  /** The folder that contains the files. */
  readonly folder: string
  /** What to pack, relative to the folder. */
  readonly names: readonly string[]
  /** Of every file, in seconds since 1970. */
  readonly date: number
  readonly gzip?: boolean
  /** Patterns of names to leave out. */
  readonly except?: readonly string[]
}

/** Packs files so that the same files and date give the same bytes, whoever packs them. Needs GNU tar. */
export async function pack(output: string, { folder, names, date, gzip, except = [] }: TarOptions): Promise<void> {
  const same = ['--sort=name', '--format=ustar', `--mtime=@${date}`, '--mode=u=rwX,go=rX']
  const root = ['--owner=root:0', '--group=root:0', '--numeric-owner']
  const compressed = gzip ? ['--use-compress-program=gzip --no-name --best'] : []
  const left = except.map((pattern) => `--exclude=${pattern}`)
  await must('tar', [...same, ...root, ...compressed, ...left, '-cf', output, '-C', folder, ...names])
}
