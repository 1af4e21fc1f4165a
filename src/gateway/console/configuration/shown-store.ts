/** The address of a session store without what may contain a password: its kind. */
export function shownStore(store: string): string {
  if (store === 'memory') return 'memory'
  if (store.startsWith('sqlite:')) return 'sqlite (the path is hidden)'
  const scheme = /^(rediss?(?:\+sentinel|\+cluster)?):\/\//.exec(store)?.[1]
  return scheme === undefined ? 'hidden' : `${scheme} (the address is hidden)`
}
