/** A part that takes long to start and that all files of a tier use. */
export interface SharedPart {
  /** Environment by which the files find it. A file that runs without it starts its own. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}
