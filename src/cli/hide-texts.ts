const HIDDEN = '(hidden)'
/** A shorter text would also replace parts of words. */
const MIN_LENGTH = 4

/** Replaces every secret in a text, also as it is written in URLs and in JSON, and in lower case as in a host name. */
export function hideTexts(secrets: readonly string[]): (text: string) => string {
  const long = secrets.filter((secret) => secret.length >= MIN_LENGTH)
  const forms = [
    ...new Set(long.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])),
  ]
  // The longest first: one may contain another.
  forms.sort((a, b) => b.length - a.length)
  const all = [...new Set([...forms, ...forms.map((form) => form.toLowerCase())])]
  return (text) => all.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text)
}
