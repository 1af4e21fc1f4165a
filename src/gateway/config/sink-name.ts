/** Name of an audit sink in metrics and messages. */
export const sinkNameOf = ({ name, type }: { readonly name?: string | undefined; readonly type: string }): string =>
  name ?? type
