/** Whether a secret was left as an example has it. */
export const isPlaceholder = (text: string): boolean =>
  /^(change[-_ ]?me|placeholder|secret|password|example|todo|x+|\*+)$/i.test(text) || new Set(text).size < 5
