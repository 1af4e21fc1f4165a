/**
 * Keys by which MLflow itself finds its data and names its authors. Compared in the widest sense that a database may:
 * MySQL's default collations ignore case, accents and trailing spaces, so `MLflow.ArtifactLocation ` is the same row.
 */
const BOOKKEEPING = new Set([
  'mlflowartifactlocation',
  'mlflowtracespanslocation',
  'mlflowtracearchivelocation',
  'mlflowtracearchivalfailure',
])
const AUTHOR = 'mlflowuser'
/** Longer texts are no spelling of a reserved key: the database's key columns hold 250 characters. */
const MAX_LENGTH = 500

/** The key under which a run's, trace's or model's author is kept. */
export const AUTHOR_KEY = 'mlflow.user'

/** Where a trace's spans and attachments lie: who may write it may read any artifact of the server. */
export const isBookkeeping = (text: string): boolean => BOOKKEEPING.has(fold(text))

export const isAuthorKey = (text: string): boolean => fold(text) === AUTHOR

/** Whether the first two letters may be `ml` in some spelling: nearly every text ends here. */
const MAYBE = /^[^a-z\u0080-\uffff]*(?:m[^a-z\u0080-\uffff]*[l\u0080-\uffff]|[\u0080-\uffff])/i

function fold(text: string): string {
  if (text.length < AUTHOR.length || text.length > MAX_LENGTH || !MAYBE.test(text)) return ''
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z]/g, '')
}
