/**
 * Keys by which MLflow finds its data and names its authors. The comparison is at least as wide as any database's:
 * MySQL's default collations ignore case, accents and trailing spaces, so `MLflow.ArtifactLocation ` is the same row.
 */
const BOOKKEEPING = new Set([
  'mlflow.artifactlocation',
  'mlflow.trace.spanslocation',
  'mlflow.trace.archivelocation',
  'mlflow.trace.archivalfailure',
  // What a trace has cost, at which model endpoint, for whom: MLflow adds it up for budgets across workspaces.
  'mlflow.gateway.endpointid',
  'mlflow.auth.username',
  'mlflow.auth.userid',
])
const AUTHOR = 'mlflow.user'
/** A longer text cannot be a spelling of a reserved key: the database's key columns have 250 characters. */
const MAX_LENGTH = 500

/** The key of the author of a run, trace or model. */
export const AUTHOR_KEY = 'mlflow.user'

/**
 * Keys that MLflow writes itself. Those that say where a trace's spans and attachments are would let a caller read any
 * artifact; those of the AI gateway would charge a caller's costs to another project.
 */
export const isBookkeeping = (text: string): boolean => BOOKKEEPING.has(foldReserved(text))

export const isAuthorKey = (text: string): boolean => foldReserved(text) === AUTHOR

/** Whether a text could be the identifier of an issue, e.g. `iss-1f32…`. */
export const isIssueName = (text: string): boolean => fold(text.slice(0, 40)).trimStart().startsWith('iss-')

/** Whether the first two letters may be `ml` in some spelling: a fast no for nearly every text. */
const MAYBE = /^[^a-z\u0080-\uffff]*(?:m[^a-z\u0080-\uffff]*[l\u0080-\uffff]|[\u0080-\uffff])/i

function foldReserved(text: string): string {
  if (text.length < AUTHOR.length || text.length > MAX_LENGTH || !MAYBE.test(text)) return ''
  return fold(text)
}

/** What a collation without case and accents compares: letters, digits and punctuation, no ignorable character. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\p{M}\p{C}]/gu, '')
    .trimEnd()
}
