/** What kind of session store an address names, without what may contain a password. */
export function storeKind(store: string): string {
  if (store === 'memory') return 'memory'
  if (store.startsWith('sqlite:')) return 'sqlite (the path is hidden)'
  const scheme = /^(rediss?(?:\+sentinel|\+cluster)?):\/\//.exec(store)?.[1]
  return scheme === undefined ? 'hidden' : `${scheme} (the address is hidden)`
}
