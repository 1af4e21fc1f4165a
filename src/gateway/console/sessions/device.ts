/**
 * A short form of a `User-Agent` for people who recognize their devices in a list: "Chrome 141 on Windows". It decides
 * nothing, so that a table of a few names is enough and no library has to be kept current. Undefined for what is not
 * recognized: then the whole value is shown.
 */
export function deviceOf(userAgent: string): string | undefined {
  const browser = BROWSERS.find(([, pattern]) => pattern.test(userAgent))
  if (browser === undefined) return undefined
  const [name, pattern] = browser
  const version = pattern.exec(userAgent)?.[1]
  const system = SYSTEMS.find(([, each]) => each.test(userAgent))?.[0]
  return `${name} ${version}${system === undefined ? '' : ` on ${system}`}`
}

/** The first that matches: most browsers also name those that they descend from. */
const BROWSERS: readonly [name: string, pattern: RegExp][] = [
  ['Edge', /\bEdg(?:A|iOS)?\/(\d+)/],
  ['Opera', /\bOPR\/(\d+)/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Headless Chrome', /\bHeadlessChrome\/(\d+)/],
  ['Chrome', /\b(?:Chrome|CriOS)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+)[.\d]* (?:Mobile\/\S+ )?Safari\//],
]

const SYSTEMS: readonly [name: string, pattern: RegExp][] = [
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
]
